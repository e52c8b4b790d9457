/* Ids of people and channels as the names that one person's chat knows. */

import type { Names } from '../markdown/render'
import type { Chat } from '../store/chat'

export function namesOf(chat: Chat): Names {
    return {
        me: chat.me.id,
        user: (id) => chat.users.nameOf(id),
        channel: (id) => chat.channels.get(id)?.name ?? String(id),
    }
}
