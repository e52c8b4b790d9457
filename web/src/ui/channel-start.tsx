/* The first row of a channel: here it begins. */

import type { VNode } from 'preact'
import type { Chat } from '../store/chat'
import { channelName, channelTitle } from './channel-name'

export function ChannelStart({ chat, channel }: { chat: Chat; channel: number }): VNode | null {
    const mine = chat.channels.get(channel)
    if (!mine) return null
    return (
        <li class="start">
            <h2 dir="auto">{channelTitle(chat, mine)}</h2>
            <p>
                {mine.kind !== 'direct'
                    ? 'This is the beginning of the channel.'
                    : `This is the beginning of your conversation with ${channelName(chat, mine)}.`}
            </p>
        </li>
    )
}
