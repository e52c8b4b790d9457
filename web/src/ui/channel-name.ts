/* What a channel is called on the page: its own name, or the people of a direct one. */

import { words } from '../i18n/words'
import type { Chat } from '../store/chat'
import type { MyChannel } from '../store/channels'

export function channelName(chat: Chat, channel: MyChannel): string {
    if (channel.kind !== 'direct') return channel.name
    const others = othersOf(chat, channel)
    if (others.length === 0) return words().you(chat.users.nameOf(chat.me.id))
    return others.map((id) => chat.users.nameOf(id)).join(', ')
}

/* With its sign, where nothing else says which kind it is. */
export function channelTitle(chat: Chat, channel: MyChannel): string {
    return (channel.kind !== 'direct' ? '#' : '') + channelName(chat, channel)
}

export function othersOf(chat: Chat, channel: MyChannel): number[] {
    return (channel.users ?? []).filter((id) => id !== chat.me.id)
}
