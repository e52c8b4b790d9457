/*
 * Messages that are written but not acknowledged. Each is stored under its own key before it is
 * sent and removed after its ack, so that it outlives the page, and so that several tabs can share
 * the storage without overwriting each other.
 */

import { Signal } from './signal'
import type { Storage } from './storage'

export interface OutgoingMessage {
    cmid: string
    channel: number
    text: string
    thread?: number
    /* Orders the messages of one person. */
    written_ms: number
    /* `sent`: acknowledged and out of the storage, but not yet among the channel's events. */
    state: 'waiting' | 'sending' | 'sent' | 'failed'
    /* Why it was refused, when it failed. */
    reason?: string
    /* It has come back as an event, but has no ack yet: shown as that, and kept here. */
    seen: boolean
}

export class Outbox {
    readonly changed = new Signal()
    private readonly by_cmid = new Map<string, OutgoingMessage>()
    private last_ms = 0

    constructor(
        private readonly storage: Storage,
        private readonly prefix: string,
    ) {
        for (const key of storage.keys()) if (key.startsWith(prefix)) this.load(key)
    }

    add(message: Pick<OutgoingMessage, 'cmid' | 'channel' | 'text'>, now_ms: number): void {
        this.last_ms = Math.max(this.last_ms + 1, now_ms)
        const outgoing: OutgoingMessage = {
            ...message,
            written_ms: this.last_ms,
            state: 'waiting',
            seen: false,
        }
        this.by_cmid.set(outgoing.cmid, outgoing)
        this.save(outgoing)
        this.changed.notify()
    }

    get(cmid: string): OutgoingMessage | undefined {
        return this.by_cmid.get(cmid)
    }

    /* All of one channel, in the order in which they were written. */
    of(channel: number): OutgoingMessage[] {
        return this.all().filter((message) => message.channel === channel)
    }

    all(): OutgoingMessage[] {
        return [...this.by_cmid.values()].sort((a, b) => a.written_ms - b.written_ms)
    }

    channels(): number[] {
        return [...new Set(this.all().map((message) => message.channel))]
    }

    sending(cmid: string): void {
        this.update(cmid, { state: 'sending' })
    }

    waiting(cmid: string): void {
        this.update(cmid, { state: 'waiting', reason: undefined })
    }

    failed(cmid: string, reason: string): void {
        this.update(cmid, { state: 'failed', reason })
    }

    /* The message is among the channel's events. */
    seen(cmid: string): void {
        const message = this.by_cmid.get(cmid)
        if (message?.state === 'sent') this.remove(cmid)
        else if (message?.seen === false) this.update(cmid, { seen: true })
    }

    /* Acknowledged; shown from here until its event arrives. */
    sent(cmid: string): void {
        this.update(cmid, { state: 'sent' })
        this.storage.remove(this.prefix + cmid)
    }

    /* Acknowledged and among the events, or deleted by the person. */
    remove(cmid: string): void {
        if (!this.by_cmid.delete(cmid)) return
        this.storage.remove(this.prefix + cmid)
        this.changed.notify()
    }

    clear(): void {
        for (const message of this.all()) this.remove(message.cmid)
    }

    /* Another tab of the same person removed a message that this one also has. */
    removedElsewhere(key: string): void {
        if (key.startsWith(this.prefix) && this.by_cmid.delete(key.slice(this.prefix.length)))
            this.changed.notify()
    }

    private update(cmid: string, change: Partial<OutgoingMessage>): void {
        const message = this.by_cmid.get(cmid)
        if (!message) return
        const updated = { ...message, ...change }
        this.by_cmid.set(cmid, updated)
        if (updated.state !== message.state && updated.state !== 'sent') this.save(updated)
        this.changed.notify()
    }

    private save(message: OutgoingMessage): void {
        this.storage.set(this.prefix + message.cmid, JSON.stringify(message))
    }

    private load(key: string): void {
        try {
            const message = JSON.parse(this.storage.get(key) ?? '') as OutgoingMessage
            const state = message.state === 'failed' ? 'failed' : 'waiting'
            this.by_cmid.set(message.cmid, { ...message, state, seen: false })
            this.last_ms = Math.max(this.last_ms, message.written_ms)
        } catch {
            this.storage.remove(key)
        }
    }
}
