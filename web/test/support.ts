/* What the unit tests share: a clock that only moves when told, sockets of our own, and events. */

import type { Clock } from '../src/protocol/clock'
import type { Socket, SocketEvents } from '../src/protocol/connection'
import type { ChannelEvent, MessageEvent } from '../src/protocol/types'

export class FakeClock implements Clock {
    private now_ms = 1_000_000
    private timers: { at: number; run: () => void }[] = []

    now(): number {
        return this.now_ms
    }

    after(ms: number, run: () => void): { cancel(): void } {
        const timer = { at: this.now_ms + ms, run }
        this.timers.push(timer)
        return { cancel: () => void (this.timers = this.timers.filter((each) => each !== timer)) }
    }

    pass(ms: number): void {
        const until = this.now_ms + ms
        for (;;) {
            const next = this.timers
                .filter((timer) => timer.at <= until)
                .sort((a, b) => a.at - b.at)[0]
            if (!next) break
            this.timers = this.timers.filter((timer) => timer !== next)
            this.now_ms = Math.max(this.now_ms, next.at)
            next.run()
        }
        this.now_ms = until
    }
}

export class FakeSocket implements Socket {
    sent: Record<string, unknown>[] = []
    open = true

    constructor(readonly events: SocketEvents) {}

    send(text: string): void {
        this.sent.push(JSON.parse(text) as Record<string, unknown>)
    }

    close(): void {
        this.open = false
    }

    push(frame: object): void {
        this.events.received(JSON.stringify(frame))
    }

    /* Answer the last request of an operation. */
    answer(op: string, body: object): void {
        const request = this.sent.filter((each) => each.op === op).at(-1)
        this.push({ re: request?.id, ...body })
    }
}

/* Let promises settle. */
export async function settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await Promise.resolve()
}

export function message(seq: number, prev: number, more: Partial<MessageEvent> = {}): MessageEvent {
    return {
        ev: 'message',
        channel: 5,
        seq,
        prev,
        n: seq,
        from: 7,
        ts_us: 1_700_000_000_000_000 + seq * 1_000_000,
        cmid: `cmid-${seq}`,
        text: `text ${seq}`,
        ...more,
    }
}

/* Messages with every seq from `first` to `last`. */
export function messages(first: number, last: number): MessageEvent[] {
    return Array.from({ length: last - first + 1 }, (_, i) => message(first + i, first + i - 1))
}

export function seqs(events: readonly ChannelEvent[] | undefined): number[] {
    return (events ?? []).map((event) => event.seq)
}
