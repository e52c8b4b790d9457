/* One channel on the page: header, messages, composer. */

import type { VNode } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { Composer } from './composer'
import { channelName, channelTitle } from './channel-name'
import { DetailsDialog } from './details-dialog'
import { useChat, useSignal } from './hooks'
import { MenuIcon, PeopleIcon } from './icons'
import { MessageList } from './message-list'

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
                <p class="topic" dir="auto" title={channel.topic}>
                    {channel.topic}
                </p>
                <button class="quiet members" onClick={() => setDetails(true)}>
                    <PeopleIcon />
                    {channel.members}
                    <span class="sr-only"> members, show details</span>
                </button>
            </header>
            <MessageList chat={chat} conversation={conversation} label={`Messages in ${title}`} />
            <Composer channel={id} label={`Message ${title}`} />
            {details && <DetailsDialog channel={channel} close={() => setDetails(false)} />}
        </main>
    )
}

/* Opens the sidebar where the screen is too narrow to show it always. */
export function MenuButton({ openMenu }: { openMenu(): void }): VNode {
    return (
        <button class="quiet menu" aria-label="Show channels" onClick={openMenu}>
            <MenuIcon />
        </button>
    )
}
