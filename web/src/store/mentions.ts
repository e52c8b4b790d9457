/*
 * Messages that mention me and are not read, as far as they passed through here. The protocol does
 * not count them, so what came while nobody was connected is counted once its history is fetched.
 */

import type { ChannelEvent } from '../protocol/types'
import type { Channels } from './channels'
import { Signal } from './signal'

export class Mentions {
    readonly changed = new Signal()
    private readonly seqs = new Map<number, Set<number>>()

    constructor(
        private readonly me: number,
        private readonly channels: Channels,
    ) {}

    see(events: readonly ChannelEvent[]): void {
        let found = false
        for (const event of events) {
            const read_seq = this.channels.get(event.channel)?.read_seq ?? Infinity
            if (!mentions(event, this.me) || event.seq <= read_seq) continue
            const seqs = this.seqs.get(event.channel) ?? new Set()
            this.seqs.set(event.channel, seqs.add(event.seq))
            found = true
        }
        if (found) this.changed.notify()
    }

    count(channel: number): number {
        const seqs = this.seqs.get(channel)
        if (!seqs) return 0
        const read_seq = this.channels.get(channel)?.read_seq ?? Infinity
        for (const seq of seqs) if (seq <= read_seq) seqs.delete(seq)
        if (seqs.size === 0) this.seqs.delete(channel)
        return seqs.size
    }
}

export function mentions(event: ChannelEvent, user: number): boolean {
    return event.ev === 'message' && event.from !== user && event.text.includes(`<@${user}>`)
}
