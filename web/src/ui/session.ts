/* One person's stay: the chat and what the browser contributes to it. */

import { systemClock } from '../protocol/clock'
import type { Socket, SocketEvents } from '../protocol/connection'
import type { User } from '../protocol/types'
import { Chat } from '../store/chat'
import { browserStorage } from '../store/storage'
import { newCmid } from './cmid'
import { Idle } from './idle'
import { LastChannel } from './last-channel'
import { notify } from './notifications'
import { openOutbox } from './outbox-db'
import { LockTurn } from './turn'

/* What shows that somebody is there. */
const TOUCHES = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'focus', 'visibilitychange']

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
    const stored = (change: StorageEvent) => {
        chat.drafts.changedElsewhere(change.key)
        chat.marks.reload()
    }
    addEventListener('storage', stored)
    addEventListener('online', probe)
    document.addEventListener('visibilitychange', probe)
    chat.onNotify = (message) => notify(chat, message)
    const idle = new Idle(systemClock, (state) => chat.presence.set(state))
    const touch = () => document.visibilityState === 'visible' && idle.touch()
    for (const name of TOUCHES) addEventListener(name, touch, { passive: true, capture: true })
    chat.connection.start()
    const stop = () => {
        for (const name of TOUCHES) removeEventListener(name, touch, { capture: true })
        removeEventListener('storage', stored)
        idle.stop()
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
