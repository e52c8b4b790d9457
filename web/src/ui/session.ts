/* One person's stay: the chat and what the browser contributes to it. */

import { systemClock } from '../protocol/clock'
import type { Socket, SocketEvents } from '../protocol/connection'
import type { User } from '../protocol/types'
import { Chat } from '../store/chat'
import { browserStorage } from '../store/storage'
import { newCmid } from './cmid'
import { LastChannel } from './last-channel'
import { openOutbox } from './outbox-db'
import { LockTurn } from './turn'

export interface Session {
    chat: Chat
    last_channel: LastChannel
    /* Stop listening and close the socket. */
    end(): void
    /* The same, and remove what this person leaves behind in the browser. */
    leave(): Promise<void>
}

export function startSession(me: User, onEnded: () => void): Session {
    const storage = browserStorage()
    const outbox = openOutbox(me.id)
    const turn = new LockTurn(me.id)
    const chat = new Chat({
        me,
        open: openSocket,
        clock: systemClock,
        storage,
        outbox,
        turn,
        newCmid,
        onEnded,
    })
    const probe = () => document.visibilityState === 'visible' && chat.connection.probe()
    const stored = (change: StorageEvent) => chat.drafts.changedElsewhere(change.key)
    addEventListener('storage', stored)
    addEventListener('online', probe)
    document.addEventListener('visibilitychange', probe)
    chat.connection.start()
    const stop = () => {
        removeEventListener('storage', stored)
        removeEventListener('online', probe)
        document.removeEventListener('visibilitychange', probe)
        chat.connection.stop()
        turn.end()
    }
    return {
        chat,
        last_channel: new LastChannel(storage, `parley.last.${me.id}`),
        end() {
            stop()
            outbox.close()
        },
        async leave() {
            stop()
            await chat.clearStorage()
            outbox.close()
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
