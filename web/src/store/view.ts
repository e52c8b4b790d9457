/*
 * Which events of a timeline are on the page: a slice of one range that slides over the history, so
 * that the page stays small however long the channel is.
 *
 * The slice never begins with the first event of a range unless that is the channel's first. So
 * every row on the page knows the event before it, and its looks (day, name and avatar) do not
 * change when older events arrive.
 */

import { indexOf, type Range, type Timeline } from './timeline'

const FIRST_ROWS = 60

export interface Slice {
    range: Range
    /* range[low] to range[high - 1] are on the page. */
    low: number
    high: number
    /* The channel begins here; the channel's newest event is here. */
    at_start: boolean
    at_end: boolean
}

/* Where the reader was, to come back to: the row and its distance from the top of the list. */
export interface Place {
    key: string
    top: number
}

export class View {
    /* The reader is at the end and stays there when something new arrives. */
    follow = true
    place: Place | null = null
    /* The page shows at most this many rows; it must be several screens. */
    rows_max = 100
    private first_seq: number | null = null

    constructor(private readonly timeline: Timeline) {}

    slice(): Slice | null {
        const range = this.range()
        if (!range) return null
        const at_start = this.timeline.beginsAtStart(range)
        const lowest = at_start ? 0 : Math.min(1, range.length - 1)
        let low = this.lowIn(range, lowest)
        if (this.follow) low = Math.max(low, range.length - this.rows_max)
        const high = Math.min(range.length, low + this.rows_max)
        this.first_seq = range[low]!.seq
        return {
            range,
            low,
            high,
            at_start: at_start && low === 0,
            at_end: high === range.length && this.timeline.reachesHead(range),
        }
    }

    /* Slide towards older events. False when there are none to slide to. */
    slideUp(): boolean {
        const slice = this.slice()
        if (!slice) return false
        const lowest = this.timeline.beginsAtStart(slice.range) ? 0 : 1
        const low = Math.max(lowest, slice.low - this.step)
        if (low >= slice.low) return false
        if (slice.range.length - low > this.rows_max) this.follow = false
        this.first_seq = slice.range[low]!.seq
        return true
    }

    /* Slide towards newer events. */
    slideDown(): boolean {
        const slice = this.slice()
        if (!slice || slice.high === slice.range.length) return false
        this.first_seq = slice.range[Math.min(slice.low + this.step, slice.high - 1)]!.seq
        return true
    }

    /* Go to the end. What is on the page there already stays on it. */
    showLatest(): void {
        if (this.follow) return
        this.follow = true
        this.place = null
        this.first_seq = null
    }

    /* Go to an event that is held, with what is above it. False if it is not held. */
    showAt(seq: number): boolean {
        const range = this.timeline.rangeWith(seq)
        if (!range) return false
        const lowest = this.timeline.beginsAtStart(range) ? 0 : Math.min(1, range.length - 1)
        const low = Math.max(lowest, indexOf(range, seq) - Math.floor(this.rows_max / 3))
        this.follow = false
        this.place = null
        this.first_seq = range[low]!.seq
        return true
    }

    private get step(): number {
        return Math.ceil(this.rows_max / 4)
    }

    private range(): Range | undefined {
        if (this.follow || this.first_seq === null) return this.timeline.tail
        return this.timeline.rangeWith(this.first_seq) ?? this.timeline.tail
    }

    private lowIn(range: Range, lowest: number): number {
        const first_seq = this.first_seq
        const known = first_seq !== null && range[indexOf(range, first_seq)]?.seq === first_seq
        const low = known ? indexOf(range, first_seq) : range.length - FIRST_ROWS
        return Math.max(lowest, low)
    }
}
