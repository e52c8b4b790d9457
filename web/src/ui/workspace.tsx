/* The page of somebody who is logged in: sidebar and one channel. */

import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { messageOf } from '../protocol/errors'
import { Announcer } from './announcer'
import { Banner } from './banner'
import { channelTitle } from './channel-name'
import { ChannelView, MenuButton } from './channel-view'
import { useChat, useSignal } from './hooks'
import { replace, type Route } from './router'
import { Sidebar } from './sidebar'
import type { LastChannel } from './last-channel'

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
    const openMenu = () => setMenu(true)

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
        const unread = chat.channels.unreadTotal()
        const title = mine ? `${channelTitle(chat, mine)} – Parley` : 'Parley'
        document.title = unread > 0 ? `(${unread}) ${title}` : title
    })
    return (
        <div
            class={menu ? 'workspace menu-open' : 'workspace'}
            onKeyDown={(event) => event.key === 'Escape' && setMenu(false)}
        >
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
        </div>
    )
}

/* No channel of mine is open. */
function Elsewhere({ channel, openMenu }: { channel: number | null; openMenu(): void }): VNode {
    const chat = useChat()
    const [error, setError] = useState<string | null>(null)
    if (!chat.ready) return <Blank openMenu={openMenu}>{null}</Blank>
    if (channel === null)
        return (
            <Blank openMenu={openMenu}>
                <h1>Welcome to Parley</h1>
                <p>Browse the channels, create one, or write to somebody: it is all on the left.</p>
            </Blank>
        )
    const join = () => chat.joinChannel(channel).catch((thrown) => setError(messageOf(thrown)))
    return (
        <Blank openMenu={openMenu}>
            <h1>You are not a member of this channel</h1>
            {error && (
                <p class="error" role="alert">
                    {error}
                </p>
            )}
            <button class="primary" onClick={() => void join()}>
                Join it
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
