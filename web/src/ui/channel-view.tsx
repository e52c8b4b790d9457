/* One channel on the page: header, messages, composer. */

import type { VNode } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { formatNumber, words } from '../i18n/words'
import type { MyChannel } from '../store/channels'
import type { Chat } from '../store/chat'
import { Composer } from './composer'
import { channelName, channelTitle, othersOf } from './channel-name'
import { DetailsDialog } from './details-dialog'
import { useChat, useSignal } from './hooks'
import { MenuIcon, PeopleIcon } from './icons'
import { MessageList } from './message-list'
import { NotificationPrompt } from './notification-prompt'
import { PresenceDot } from './presence-dot'

interface Props {
    channel: number
    openMenu(): void
}

/* Given a key of the channel's id, so that it begins afresh with each channel. */
export function ChannelView({ channel: id, openMenu }: Props): VNode | null {
    const chat = useChat()
    useSignal(chat.channels.changed)
    useSignal(chat.users.changed)
    const conversation = useMemo(() => chat.openChannel(id), [id])
    const [details, setDetails] = useState(false)
    const channel = chat.channels.get(id)
    if (!channel) return null
    const title = channelTitle(chat, channel)
    return (
        <main class="channel">
            <header class="channel-header">
                <MenuButton openMenu={openMenu} />
                <h1 dir="auto">
                    {channel.kind !== 'direct' && <span class="sign">#</span>}
                    {channelName(chat, channel)}
                </h1>
                <Whereabouts chat={chat} channel={channel} />
                <p class="topic" dir="auto" title={channel.topic}>
                    {channel.topic}
                </p>
                <button class="quiet members" onClick={() => setDetails(true)}>
                    <PeopleIcon />
                    <span aria-hidden="true">{formatNumber(channel.members)}</span>
                    <span class="sr-only"> {words().show_members(channel.members)}</span>
                </button>
            </header>
            <MessageList chat={chat} conversation={conversation} label={words().messages_in(title)} />
            <NotificationPrompt has_written={chat.has_written} />
            <Composer channel={id} label={words().message_to(title)} />
            {details && <DetailsDialog channel={channel} close={() => setDetails(false)} />}
        </main>
    )
}

/* How it is with the other one of two people. */
function Whereabouts({ chat, channel }: { chat: Chat; channel: MyChannel }): VNode | null {
    const others = channel.kind === 'direct' ? othersOf(chat, channel) : []
    return others.length === 1 ? <PresenceDot user={others[0]!} spelled /> : null
}

/* Opens the sidebar where the screen is too narrow to show it always. */
export function MenuButton({ openMenu }: { openMenu(): void }): VNode {
    return (
        <button class="quiet menu" aria-label={words().show_channels} onClick={openMenu}>
            <MenuIcon />
        </button>
    )
}
