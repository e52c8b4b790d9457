/* My channels and direct messages, what is unread in them, and the way to more. */

import type { ComponentType, VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { Chat } from '../store/chat'
import { unreadOf, type MyChannel } from '../store/channels'
import { Avatar } from './avatar'
import { BrowseDialog } from './browse-dialog'
import { channelName, othersOf } from './channel-name'
import { CreateDialog } from './create-dialog'
import { DirectDialog } from './direct-dialog'
import { useChat, useSignal } from './hooks'
import { BrowseIcon, ExitIcon, Logo, PlusIcon } from './icons'

type DialogName = 'create' | 'browse' | 'direct'

const DIALOGS: Record<DialogName, ComponentType<{ close(): void }>> = {
    create: CreateDialog,
    browse: BrowseDialog,
    direct: DirectDialog,
}

interface Props {
    current: number | null
    logOut(): void
}

export function Sidebar({ current, logOut }: Props): VNode {
    const chat = useChat()
    useSignal(chat.channels.changed)
    useSignal(chat.users.changed)
    useSignal(chat.connectionChanged)
    const [dialog, setDialog] = useState<DialogName | null>(null)
    const OpenDialog = dialog && DIALOGS[dialog]
    const item = (channel: MyChannel) => (
        <Item key={channel.id} channel={channel} current={channel.id === current} />
    )
    return (
        <>
            <nav class="sidebar" aria-label="Channels">
                <header>
                    <Logo />
                    <b>Parley</b>
                </header>
                <div class="sidebar-lists">
                    <section aria-labelledby="channels-title">
                        <header>
                            <h2 id="channels-title">Channels</h2>
                            <Tool
                                label="Browse channels"
                                icon={BrowseIcon}
                                onClick={() => setDialog('browse')}
                            />
                            <Tool
                                label="Create a channel"
                                icon={PlusIcon}
                                onClick={() => setDialog('create')}
                            />
                        </header>
                        <ul>{sorted(chat, false).map(item)}</ul>
                    </section>
                    <section aria-labelledby="direct-title">
                        <header>
                            <h2 id="direct-title">Direct messages</h2>
                            <Tool
                                label="New direct message"
                                icon={PlusIcon}
                                onClick={() => setDialog('direct')}
                            />
                        </header>
                        <ul>{sorted(chat, true).map(item)}</ul>
                    </section>
                </div>
                <footer>
                    <Avatar id={chat.me.id} name={chat.users.nameOf(chat.me.id)} />
                    <bdi class="me">{chat.users.nameOf(chat.me.id)}</bdi>
                    <Tool label="Log out" icon={ExitIcon} onClick={logOut} />
                </footer>
            </nav>
            {OpenDialog && <OpenDialog close={() => setDialog(null)} />}
        </>
    )
}

function sorted(chat: Chat, direct: boolean): MyChannel[] {
    return chat.channels
        .all()
        .filter((channel) => (channel.kind === 'direct') === direct)
        .map((channel) => ({ channel, name: channelName(chat, channel) }))
        .sort((a, b) => a.name.localeCompare(b.name) || a.channel.id - b.channel.id)
        .map(({ channel }) => channel)
}

function Item({ channel, current }: { channel: MyChannel; current: boolean }): VNode {
    const chat = useChat()
    const unread = unreadOf(channel)
    const name = channelName(chat, channel)
    return (
        <li>
            <a
                href={`/c/${channel.id}`}
                class={unread > 0 ? 'unread' : undefined}
                aria-current={current ? 'page' : undefined}
            >
                {channel.kind !== 'direct' ? (
                    <span class="sign" aria-hidden="true">
                        #
                    </span>
                ) : (
                    <Avatar id={othersOf(chat, channel)[0] ?? chat.me.id} name={name} />
                )}
                <bdi class="item-name">{name}</bdi>
                {unread > 0 && (
                    <span class="badge">
                        {unread > 999 ? '999+' : unread}
                        <span class="sr-only"> unread</span>
                    </span>
                )}
            </a>
        </li>
    )
}

interface ToolProps {
    label: string
    icon: () => VNode
    onClick(): void
}

function Tool({ label, icon: Icon, onClick }: ToolProps): VNode {
    return (
        <button class="quiet" aria-label={label} title={label} onClick={onClick}>
            <Icon />
        </button>
    )
}
