/*
 * The part of one channel's history that is held in memory: an ordered set of events without
 * duplicates, in ranges. Inside a range nothing is missing: each event's `prev` is the seq of the
 * event before it. Between two ranges something is.
 *
 * `head_seq` is the channel's last seq as far as anybody told us. The timeline is live when its last
 * range reaches the head; only then does a new event extend it.
 */

import type { ChannelEvent } from '../protocol/types'
import { changed, isChange, newer } from './changes'

export type Range = readonly ChannelEvent[]

/* How much stays on each side of what is being read, and what is kept of the end. */
const KEEP_AROUND = 400
const KEEP_TAIL = 120
const TRIM_ABOVE = 1200

export class Timeline {
    head_seq = 0
    private ranges: ChannelEvent[][] = []
    /* The first event when the server said so, in case its `prev` is not 0. */
    private start_seq = 0

    /* Add events in ascending order, for example a page. Gaps inside them are respected. */
    add(events: readonly ChannelEvent[]): void {
        for (const chain of chainsOf(events)) this.merge(chain)
        for (const event of events) this.change(event)
        this.head_seq = Math.max(this.head_seq, this.tailSeq)
    }

    /*
     * Add an event that just happened. Returns false when it cannot be linked to what is held, and
     * is left out: the caller fetches what is missing.
     */
    push(event: ChannelEvent): boolean {
        const tail = this.tail
        const linked = tail ? lastOf(tail).seq === event.prev : event.prev === 0
        this.head_seq = Math.max(this.head_seq, event.seq)
        if (tail && event.seq <= lastOf(tail).seq) return true
        if (!linked) return false
        if (tail) tail.push(event)
        else this.ranges.push([event])
        this.change(event)
        return true
    }

    /* Make a change to the message that it is about, if that is held. */
    private change(event: ChannelEvent): void {
        if (!isChange(event)) return
        const range = this.ranges.find(
            (each) => firstOf(each).seq <= event.target && event.target <= lastOf(each).seq,
        )
        if (!range) return
        const index = indexOf(range, event.target)
        const target = range[index]
        if (target?.seq === event.target && target.ev === 'message')
            range[index] = changed(target, event)
    }

    /* Nothing precedes this event. */
    markStart(seq: number): void {
        this.start_seq = seq
    }

    get tail(): ChannelEvent[] | undefined {
        return this.ranges[this.ranges.length - 1]
    }

    get tailSeq(): number {
        const tail = this.tail
        return tail ? lastOf(tail).seq : 0
    }

    get live(): boolean {
        return this.tailSeq === this.head_seq
    }

    /* How many events are held. */
    get size(): number {
        return this.ranges.reduce((sum, range) => sum + range.length, 0)
    }

    rangeWith(seq: number): Range | undefined {
        return this.ranges.find((range) => firstOf(range).seq <= seq && seq <= lastOf(range).seq)
    }

    find(seq: number): ChannelEvent | undefined {
        const range = this.rangeWith(seq)
        const event = range?.[indexOf(range, seq)]
        return event?.seq === seq ? event : undefined
    }

    /* Whether the range begins where the channel begins. */
    beginsAtStart(range: Range): boolean {
        const first = range[0]
        return first !== undefined && (first.prev === 0 || first.seq === this.start_seq)
    }

    /* Whether the range reaches the newest event. */
    reachesHead(range: Range): boolean {
        return lastOf(range).seq === this.head_seq
    }

    /*
     * Drop what is far from the events between two seqs, which are being read. The end of the
     * channel stays, so that going there needs no waiting.
     */
    trim(first_seq: number, last_seq: number): void {
        const range = this.rangeWith(first_seq)
        if (!range || this.size <= TRIM_ABOVE) return
        const from = Math.max(0, indexOf(range, first_seq) - KEEP_AROUND)
        const to = Math.min(range.length, indexOf(range, last_seq) + 1 + KEEP_AROUND)
        const tail = this.tail ?? []
        const tail_from = Math.max(0, tail.length - KEEP_TAIL)
        if (range === tail && to >= tail_from) this.ranges = [range.slice(from)]
        else this.ranges = [range.slice(from, to), tail.slice(tail_from)]
    }

    private merge(chain: ChannelEvent[]): void {
        const touching = this.ranges.filter((range) => touches(range, chain))
        const apart = this.ranges.filter((range) => !touching.includes(range))
        const union = touching.length > 0 ? unite([...touching, chain]) : chain
        this.ranges = [...apart, union].sort((a, b) => firstOf(a).seq - firstOf(b).seq)
    }
}

/* The index of the first event of the range whose seq is at least `seq`. */
export function indexOf(range: Range, seq: number): number {
    let low = 0
    let high = range.length
    while (low < high) {
        const middle = (low + high) >> 1
        if (range[middle]!.seq < seq) low = middle + 1
        else high = middle
    }
    return low
}

/* Ranges are never empty. */
export function firstOf(range: Range): ChannelEvent {
    return range[0]!
}

export function lastOf(range: Range): ChannelEvent {
    return range[range.length - 1]!
}

/* Split events into chains in which nothing is missing. */
function chainsOf(events: readonly ChannelEvent[]): ChannelEvent[][] {
    const chains: ChannelEvent[][] = []
    for (const event of events) {
        const chain = chains[chains.length - 1]
        if (chain && event.prev === lastOf(chain).seq) chain.push(event)
        else chains.push([event])
    }
    return chains
}

/* Two complete ranges belong together when they overlap, or when one follows on the other. */
function touches(a: Range, b: Range): boolean {
    const overlap = firstOf(a).seq <= lastOf(b).seq && firstOf(b).seq <= lastOf(a).seq
    return overlap || firstOf(a).prev === lastOf(b).seq || firstOf(b).prev === lastOf(a).seq
}

function unite(ranges: Range[]): ChannelEvent[] {
    const by_seq = new Map<number, ChannelEvent>()
    for (const range of ranges)
        for (const event of range) {
            const held = by_seq.get(event.seq)
            by_seq.set(event.seq, held ? newer(held, event) : event)
        }
    return [...by_seq.values()].sort((a, b) => a.seq - b.seq)
}
