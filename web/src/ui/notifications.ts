/*
 * Notifications on the desktop, for what happens while the page is not in front. Browsers let a page
 * ask only after a click or a key.
 */

import { plainText } from '../markdown/plain'
import type { MessageEvent } from '../protocol/types'
import type { Chat } from '../store/chat'
import { mentions } from '../store/mentions'
import { channelTitle } from './channel-name'
import { namesOf } from './names'
import { preferences } from './preferences'
import { go } from './router'

const TEXT_MAX = 200

export function permission(): NotificationPermission | 'unsupported' {
    if (!('Notification' in window) || !isSecureContext) return 'unsupported'
    return Notification.permission
}

export async function askPermission(): Promise<void> {
    const answer = await Notification.requestPermission()
    preferences.set('notifications', answer === 'granted')
}

/* Whether a message is one that the person wants to be told about. */
export function wanted(chat: Chat, message: MessageEvent): boolean {
    const channel = chat.channels.get(message.channel)
    if (!channel || message.from === chat.me.id) return false
    const level = chat.marks.levelOf(channel)
    return level === 'all' || (level === 'mentions' && mentions(message, chat.me.id))
}

export function notify(chat: Chat, message: MessageEvent): void {
    const channel = chat.channels.get(message.channel)
    const inFront = document.visibilityState === 'visible' && document.hasFocus()
    if (!channel || inFront || permission() !== 'granted') return
    if (preferences.get('notifications') !== true || !wanted(chat, message)) return
    const author = chat.users.nameOf(message.from)
    const title = channel.kind !== 'direct' ? `${author} (${channelTitle(chat, channel)})` : author
    /* The tag is the message's, so that several tabs show it once. */
    const shown = new Notification(title, {
        body: plainText(message.text, TEXT_MAX, namesOf(chat)),
        tag: `parley-${message.channel}-${message.seq}`,
    })
    shown.onclick = () => {
        window.focus()
        go(`/c/${message.channel}`)
        shown.close()
    }
}
