/*
 * Read markers. Somebody reads a channel while it is on the page, the window has the focus, and the
 * list is at its end; the page says so by `attend`. Markers are sent one at a time per channel, and
 * only the newest.
 */

import type { Call } from '../protocol/types'
import type { Channels } from './channels'

export class Reader {
    private attended: number | null = null
    private readonly sending = new Set<number>()
    /* The newest marker of each channel that the server has confirmed or told us. */
    private readonly confirmed = new Map<number, number>()

    constructor(
        private readonly channels: Channels,
        private readonly call: Call,
    ) {}

    /* The channel that is being read right now, if any. */
    attend(channel: number | null): void {
        this.attended = channel
        this.mark()
    }

    isReading(channel: number): boolean {
        return this.attended === channel
    }

    /* Move the marker of the attended channel to its end. */
    mark(): void {
        const channel = this.attended === null ? undefined : this.channels.get(this.attended)
        if (!channel) return
        if (channel.read_seq < channel.last_seq) this.markAll(channel.id)
        else void this.send(channel.id)
    }

    /* Everything in a channel is read, because the person says so. */
    markAll(id: number): void {
        const channel = this.channels.get(id)
        if (!channel) return
        this.channels.read(id, channel.last_seq, channel.last_n)
        void this.send(id)
    }

    /* The marker as the server has it. */
    confirm(channel: number, read_seq: number): void {
        this.confirmed.set(channel, Math.max(read_seq, this.confirmed.get(channel) ?? 0))
    }

    /* Tell the server about every marker that it does not have yet. */
    sendAll(): void {
        for (const channel of this.channels.all()) void this.send(channel.id)
    }

    private async send(id: number): Promise<void> {
        if (this.sending.has(id)) return
        this.sending.add(id)
        try {
            for (;;) {
                const read_seq = this.channels.get(id)?.read_seq ?? 0
                if (read_seq <= (this.confirmed.get(id) ?? 0)) break
                await this.call('markRead', { channel: id, seq: read_seq })
                this.confirm(id, read_seq)
            }
        } catch {
            /* Sent again with the next marker or the next connection. */
        } finally {
            this.sending.delete(id)
        }
    }
}
