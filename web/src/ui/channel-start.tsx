/* The first row of a channel: here it begins. */

import type { VNode } from 'preact'
import { words } from '../i18n/words'
import type { Chat } from '../store/chat'
import { channelName, channelTitle, othersOf } from './channel-name'

export function ChannelStart({ chat, channel }: { chat: Chat; channel: number }): VNode | null {
    const mine = chat.channels.get(channel)
    if (!mine) return null
    return (
        <li class="start">
            <h2 dir="auto">{channelTitle(chat, mine)}</h2>
            <p>
                {mine.kind !== 'direct'
                    ? words().start_of_channel
                    : othersOf(chat, mine).length === 0
                      ? words().start_of_own
                      : words().start_of_direct(channelName(chat, mine))}
            </p>
        </li>
    )
}
