/*
 * Messages that are written but not acknowledged. Each is on the page at once, is stored before it
 * is sent, and leaves the storage after its ack: so it outlives the page and the browser. Several
 * tabs share one storage and tell each other.
 */

import type { Ack } from '../protocol/types'
import type { OutboxNews, OutboxStorage } from './outbox-storage'
import { Signal } from './signal'

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
    /* Another tab of the same person had a message acknowledged. */
    onAckElsewhere: (message: OutgoingMessage, ack: Ack) => void = () => {}
    private readonly by_cmid = new Map<string, OutgoingMessage>()
    /* What is being written into the storage. */
    private readonly keeping = new Map<string, Promise<void>>()
    /* What left while the storage was being read: it must not come back. */
    private readonly gone = new Set<string>()
    private loads = 0
    private last_ms = 0

    constructor(private readonly storage: OutboxStorage) {
        storage.listen((news) => this.hear(news))
    }

    /* Take in what is stored, from before or from another tab. */
    async load(): Promise<void> {
        this.loads++
        const stored = await this.storage.load()
        for (const message of stored) {
            const { cmid } = message
            if (this.by_cmid.has(cmid) || this.gone.has(cmid) || this.keeping.has(cmid)) continue
            this.put(message)
        }
        if (--this.loads === 0) this.gone.clear()
        this.changed.notify()
    }

    add(message: Pick<OutgoingMessage, 'cmid' | 'channel' | 'text'>, now_ms: number): void {
        const written_ms = Math.max(this.last_ms + 1, now_ms)
        const outgoing: OutgoingMessage = { ...message, written_ms, state: 'waiting', seen: false }
        this.put(outgoing)
        this.keep(outgoing)
        this.changed.notify()
    }

    get(cmid: string): OutgoingMessage | undefined {
        return this.by_cmid.get(cmid)
    }

    /* Resolves when the message may be sent: it is in the storage. */
    async kept(cmid: string): Promise<void> {
        await this.keeping.get(cmid)
    }

    /* All of one channel, in the order in which they were written. */
    of(channel: number): OutgoingMessage[] {
        return this.all().filter((message) => message.channel === channel)
    }

    all(): OutgoingMessage[] {
        return [...this.by_cmid.values()].sort(
            (a, b) => a.written_ms - b.written_ms || (a.cmid < b.cmid ? -1 : 1),
        )
    }

    channels(): number[] {
        return [...new Set(this.all().map((message) => message.channel))]
    }

    sending(cmid: string): void {
        this.update(cmid, { state: 'sending' })
    }

    waiting(cmid: string): void {
        const failed = this.by_cmid.get(cmid)?.state === 'failed'
        const message = this.update(cmid, { state: 'waiting', reason: undefined })
        if (failed && message) this.keep(message)
    }

    failed(cmid: string, reason: string): void {
        const message = this.update(cmid, { state: 'failed', reason })
        if (message) this.keep(message)
    }

    /* The message is among the channel's events. */
    seen(cmid: string): void {
        const message = this.by_cmid.get(cmid)
        if (message?.state === 'sent') this.take(cmid)
        else if (message?.seen === false) this.update(cmid, { seen: true })
    }

    /*
     * The server has it for good. When it is not yet among the events that are held, it is shown
     * from here until it is.
     */
    acked(message: OutgoingMessage, ack: Ack, among_events: boolean): void {
        if (!this.by_cmid.has(message.cmid)) return
        this.forget(message.cmid)
        this.storage.tell({ what: 'acked', message, ack })
        this.settle(message.cmid, among_events)
    }

    /* The same, by another tab, which has told the others. */
    ackedElsewhere(cmid: string, among_events: boolean): void {
        this.leave(cmid)
        this.settle(cmid, among_events)
    }

    /* Deleted by the person. */
    remove(cmid: string): void {
        if (!this.by_cmid.has(cmid)) return
        this.forget(cmid)
        this.storage.tell({ what: 'removed', cmid })
        this.take(cmid)
    }

    async clear(): Promise<void> {
        const cmids = [...this.by_cmid.keys()]
        for (const cmid of cmids) this.remove(cmid)
        await Promise.all(cmids.map((cmid) => this.keeping.get(cmid)))
    }

    private settle(cmid: string, among_events: boolean): void {
        if (among_events) this.take(cmid)
        else this.update(cmid, { state: 'sent' })
    }

    private put(message: OutgoingMessage): void {
        const state = message.state === 'failed' ? 'failed' : 'waiting'
        this.by_cmid.set(message.cmid, { ...message, state, seen: false })
        this.last_ms = Math.max(this.last_ms, message.written_ms)
    }

    private take(cmid: string): void {
        if (this.by_cmid.delete(cmid)) this.changed.notify()
    }

    private update(cmid: string, change: Partial<OutgoingMessage>): OutgoingMessage | null {
        const message = this.by_cmid.get(cmid)
        if (!message || message.state === 'sent') return null
        const updated = { ...message, ...change }
        this.by_cmid.set(cmid, updated)
        this.changed.notify()
        return updated
    }

    private keep(message: OutgoingMessage): void {
        this.later(message.cmid, () => this.storage.keep(message))
        this.storage.tell({ what: 'kept', message })
    }

    private forget(cmid: string): void {
        this.leave(cmid)
        this.later(cmid, () => this.storage.forget(cmid))
    }

    private leave(cmid: string): void {
        if (this.loads > 0) this.gone.add(cmid)
    }

    /* One write after the other, so that the last one decides. */
    private later(cmid: string, write: () => Promise<void>): void {
        const before = this.keeping.get(cmid) ?? Promise.resolve()
        const now = before.then(write).finally(() => {
            if (this.keeping.get(cmid) === now) this.keeping.delete(cmid)
        })
        this.keeping.set(cmid, now)
    }

    private hear(news: OutboxNews): void {
        if (news.what === 'removed') {
            this.leave(news.cmid)
            this.take(news.cmid)
        } else if (news.what === 'acked') {
            this.onAckElsewhere(news.message, news.ack)
        } else if (!this.by_cmid.get(news.message.cmid)?.seen) {
            this.put(news.message)
            this.changed.notify()
        }
    }
}
