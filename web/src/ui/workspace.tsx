/* The page of somebody who is logged in: sidebar and one channel, and the keyboard's way around. */

import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { words } from '../i18n/words'
import { messageOf } from '../protocol/errors'
import { unreadOf, type MyChannel } from '../store/channels'
import type { Chat } from '../store/chat'
import { Announcer } from './announcer'
import { Banner } from './banner'
import { channelTitle } from './channel-name'
import { neighbour } from './channel-order'
import { ChannelView, MenuButton } from './channel-view'
import { showFavicon } from './favicon'
import { useChat, useSignal } from './hooks'
import type { LastChannel } from './last-channel'
import { focusRegion } from './regions'
import { go, replace, type Route } from './router'
import { commandOf, type Command } from './shortcuts'
import { ShortcutsDialog } from './shortcuts-dialog'
import { Sidebar } from './sidebar'
import { Switcher } from './switcher'

interface Props {
    route: Route
    last_channel: LastChannel
    logOut(): void
}

export function Workspace({ route, last_channel, logOut }: Props): VNode {
    const chat = useChat()
    useSignal(chat.channels.changed)
    useSignal(chat.users.changed)
    useSignal(chat.connectionChanged)
    const current = route.page === 'channel' ? route.channel : null
    const mine = current === null ? undefined : chat.channels.get(current)
    const [menu, setMenu] = useState(current === null)
    const [dialog, setDialog] = useState<'switcher' | 'shortcuts' | null>(null)
    const openMenu = () => setMenu(true)
    const close = () => setDialog(null)

    useEffect(() => setMenu(current === null), [current])
    useEffect(() => {
        if (mine) last_channel.set(mine.id)
    }, [mine?.id])
    useEffect(() => {
        if (!chat.ready || current !== null) return
        const next = last_channel.choose(chat.channels.all())
        if (next !== null) replace(`/c/${next}`)
    }, [chat.ready, current, chat.channels.changed.version])
    useEffect(() => {
        const { unread, loud } = totalsOf(chat)
        const title = mine ? `${channelTitle(chat, mine)} – Parley` : 'Parley'
        document.title = unread > 0 ? `(${unread}) ${title}` : title
        showFavicon(loud)
    })
    useEffect(() => {
        const keyDown = (event: KeyboardEvent) => {
            const command = commandOf(event)
            if (!command || event.defaultPrevented) return
            const modal = document.querySelector('dialog[open]') !== null
            if (command === 'mark_read') {
                if (modal) return
                if (menu && current !== null) setMenu(false)
                else if (current !== null) markRead(chat, current)
            } else if (command === 'switcher' || command === 'shortcuts') {
                if (!modal || dialog) setDialog(dialog === command ? null : command)
            } else if (!modal) {
                move(chat, current, command)
            }
            event.preventDefault()
        }
        document.addEventListener('keydown', keyDown)
        return () => document.removeEventListener('keydown', keyDown)
    }, [chat, current, menu, dialog])
    return (
        <div class={menu ? 'workspace menu-open' : 'workspace'}>
            <Sidebar current={current} logOut={logOut} />
            <div class="backdrop" onClick={() => setMenu(false)} />
            <div class="stage">
                <Banner />
                {mine ? (
                    <ChannelView key={mine.id} channel={mine.id} openMenu={openMenu} />
                ) : (
                    <Elsewhere channel={current} openMenu={openMenu} />
                )}
            </div>
            <Announcer channel={current} />
            {dialog === 'switcher' && <Switcher close={close} />}
            {dialog === 'shortcuts' && <ShortcutsDialog close={close} />}
        </div>
    )
}

/* What is unread, and whether some of it asks for an answer. Muted channels are not counted. */
function totalsOf(chat: Chat): { unread: number; loud: boolean } {
    let unread = 0
    let loud = false
    for (const channel of chat.channels.all()) {
        const count = unreadOf(channel)
        const muted = chat.marks.levelOf(channel) === 'none'
        if (!muted) unread += count
        if (chat.mentions.count(channel.id) > 0) loud = true
        if (channel.kind === 'direct' && count > 0 && !muted) loud = true
    }
    return { unread, loud }
}

function markRead(chat: Chat, channel: number): void {
    chat.reader.markAll(channel)
    document.querySelector<HTMLElement>('.composer textarea')?.focus({ preventScroll: true })
}

function move(chat: Chat, current: number | null, command: Command): void {
    if (command === 'region_after') return focusRegion(1)
    if (command === 'region_before') return focusRegion(-1)
    const step = command.endsWith('_after') ? 1 : -1
    const isUnread = (channel: MyChannel) =>
        unreadOf(channel) > 0 && chat.marks.levelOf(channel) !== 'none'
    const wanted = command.startsWith('unread') ? isUnread : () => true
    const next = neighbour(chat, current, step, wanted)
    if (next !== null) go(`/c/${next}`)
}

/* No channel of mine is open. */
function Elsewhere({ channel, openMenu }: { channel: number | null; openMenu(): void }): VNode {
    const chat = useChat()
    const [error, setError] = useState<string | null>(null)
    if (!chat.ready) return <Blank openMenu={openMenu}>{null}</Blank>
    if (channel === null)
        return (
            <Blank openMenu={openMenu}>
                <h1>{words().welcome}</h1>
                <p>{words().welcome_hint}</p>
            </Blank>
        )
    const join = () => chat.joinChannel(channel).catch((thrown) => setError(messageOf(thrown)))
    return (
        <Blank openMenu={openMenu}>
            <h1>{words().not_a_member}</h1>
            {error && (
                <p class="error" role="alert">
                    {error}
                </p>
            )}
            <button class="primary" onClick={() => void join()}>
                {words().join_it}
            </button>
        </Blank>
    )
}

function Blank({ children, openMenu }: { children: ComponentChildren; openMenu(): void }): VNode {
    return (
        <main class="blank">
            <header class="channel-header">
                <MenuButton openMenu={openMenu} />
            </header>
            <div class="blank-text">{children}</div>
        </main>
    )
}
