/* The small picture before a channel's name: its sign, the person, or how many people there are. */

import type { VNode } from 'preact'
import type { MyChannel } from '../store/channels'
import type { Chat } from '../store/chat'
import { Avatar } from './avatar'
import { othersOf } from './channel-name'
import { PresenceDot } from './presence-dot'

export function ChannelSign({ chat, channel }: { chat: Chat; channel: MyChannel }): VNode {
    if (channel.kind !== 'direct')
        return (
            <span class="sign" aria-hidden="true">
                #
            </span>
        )
    const others = othersOf(chat, channel)
    if (others.length > 1)
        return (
            <span class="avatar group" aria-hidden="true">
                {others.length}
            </span>
        )
    const user = others[0] ?? chat.me.id
    return (
        <span class="with-presence">
            <Avatar id={user} name={chat.users.nameOf(user)} />
            <PresenceDot user={user} />
        </span>
    )
}
