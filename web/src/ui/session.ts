/* One person's stay: the chat and what the browser contributes to it. */

import { systemClock } from '../protocol/clock'
import type { Socket, SocketEvents } from '../protocol/connection'
import type { User } from '../protocol/types'
import { Chat } from '../store/chat'
import { browserStorage } from '../store/storage'
import { newCmid } from './cmid'
import { LastChannel } from './last-channel'

export interface Session {
    chat: Chat
    last_channel: LastChannel
    /* Stop listening and close the socket. */
    end(): void
}

export function startSession(me: User, onEnded: () => void): Session {
    const storage = browserStorage()
    const chat = new Chat({
        me,
        open: openSocket,
        clock: systemClock,
        storage,
        newCmid,
        onEnded,
    })
    const probe = () => document.visibilityState === 'visible' && chat.connection.probe()
    const stored = (change: StorageEvent) => {
        if (change.key !== null && change.newValue === null)
            chat.outbox.removedElsewhere(change.key)
    }
    addEventListener('online', probe)
    document.addEventListener('visibilitychange', probe)
    addEventListener('storage', stored)
    chat.connection.start()
    return {
        chat,
        last_channel: new LastChannel(storage, `parley.last.${me.id}`),
        end() {
            removeEventListener('online', probe)
            document.removeEventListener('visibilitychange', probe)
            removeEventListener('storage', stored)
            chat.connection.stop()
        },
    }
}

function openSocket(events: SocketEvents): Socket {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/ws`)
    socket.onopen = () => events.opened()
    socket.onmessage = (message) => events.received(message.data)
    socket.onclose = (close) => events.closed(close.code)
    return {
        send: (text) => socket.send(text),
        close() {
            socket.onopen = socket.onmessage = socket.onclose = null
            socket.close()
        },
    }
}
