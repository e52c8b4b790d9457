/*
 * My channels and what is unread in them. Unread is arithmetic: the ordinal `n` of the channel's
 * last message minus the ordinal at the read marker.
 */

import type { Channel, ChannelEvent } from '../protocol/types'
import { Signal } from './signal'

export interface MyChannel extends Omit<Channel, 'member' | 'unread' | 'read_seq'> {
    read_seq: number
    /* The ordinal at the read marker. */
    read_n: number
}

export class Channels {
    readonly changed = new Signal()
    /* Counts the changes of which channels there are and how they are called. */
    list_version = 0
    private readonly by_id = new Map<number, MyChannel>()

    /* The complete list, as hello gives it. */
    replace(channels: readonly Channel[]): void {
        const ids = new Set(channels.map((channel) => channel.id))
        for (const id of this.by_id.keys()) if (!ids.has(id)) this.by_id.delete(id)
        for (const channel of channels) this.set(channel)
        this.list_version++
        this.changed.notify()
    }

    put(channel: Channel): void {
        this.set(channel)
        this.changed.notify()
    }

    remove(id: number): void {
        if (!this.by_id.delete(id)) return
        this.list_version++
        this.changed.notify()
    }

    get(id: number): MyChannel | undefined {
        return this.by_id.get(id)
    }

    all(): MyChannel[] {
        return [...this.by_id.values()]
    }

    /* Something happened in a channel. False if it was known already. */
    apply(event: ChannelEvent): boolean {
        const channel = this.by_id.get(event.channel)
        if (!channel || event.seq <= channel.last_seq) return false
        channel.last_seq = event.seq
        channel.last_n = Math.max(channel.last_n, event.n)
        if (event.ev === 'join') channel.members++
        if (event.ev === 'leave') channel.members--
        if (event.ev === 'rename') {
            channel.name = event.name ?? channel.name
            this.list_version++
        }
        if (event.ev === 'topic') channel.topic = event.topic ?? channel.topic
        this.changed.notify()
        return true
    }

    /* The read marker moved; it never moves back. */
    read(id: number, read_seq: number, read_n: number): void {
        const channel = this.by_id.get(id)
        if (!channel || read_seq < channel.read_seq) return
        channel.read_seq = read_seq
        channel.read_n = Math.max(channel.read_n, Math.min(read_n, channel.last_n))
        this.changed.notify()
    }

    unreadTotal(): number {
        return this.all().reduce((sum, channel) => sum + unreadOf(channel), 0)
    }

    private set(channel: Channel): void {
        const { member: _member, unread = 0, read_seq = 0, ...rest } = channel
        const before = this.by_id.get(channel.id)
        this.list_version++
        this.by_id.set(channel.id, {
            ...rest,
            last_seq: Math.max(rest.last_seq, before?.last_seq ?? 0),
            last_n: Math.max(rest.last_n, before?.last_n ?? 0),
            read_seq: Math.max(read_seq, before?.read_seq ?? 0),
            read_n: Math.max(rest.last_n - unread, before?.read_n ?? 0),
        })
    }
}

export function unreadOf(channel: MyChannel): number {
    return Math.max(0, channel.last_n - channel.read_n)
}
