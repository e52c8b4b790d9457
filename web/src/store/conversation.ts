/* One channel that is or was on the page: its events, what of them is shown, and the "new" line. */

import type { ChannelEvent } from '../protocol/types'
import { Signal } from './signal'
import { Timeline } from './timeline'
import { View } from './view'

/* A page of the history by what is known of its place. */
export type PageName = 'latest' | 'around' | 'before' | 'after'

export interface NewLine {
    /* Messages after this seq are new, but for one's own. */
    after_seq: number
}

export class Conversation {
    readonly changed = new Signal()
    readonly timeline = new Timeline()
    readonly view = new View(this.timeline)
    new_line: NewLine | null = null
    /* Reading begins after this seq; null: at the end. */
    begin_seq: number | null = null
    /* The first page was fetched, so that an empty timeline means an empty channel. */
    loaded = false
    /* Pages that are on their way, so that none is asked for twice. */
    readonly loading = new Set<PageName>()
    repairing = false
    /* The end is followed: what is missed there is fetched. False after too much was missed. */
    keeps_up = true
    /* Why the last page could not be fetched. */
    trouble: string | null = null

    constructor(readonly channel: number) {}

    add(events: readonly ChannelEvent[]): void {
        this.timeline.add(events)
        this.trim()
        this.changed.notify()
    }

    /* A new event. False when it cannot be linked to what is held. */
    push(event: ChannelEvent): boolean {
        const linked = this.timeline.push(event)
        this.trim()
        this.changed.notify()
        return linked
    }

    setNewLine(after_seq: number | null): void {
        this.new_line = after_seq === null ? null : { after_seq }
        this.changed.notify()
    }

    private trim(): void {
        const slice = this.view.slice()
        if (!slice) return
        const last = slice.range[slice.high - 1]
        this.timeline.trim(slice.range[slice.low]!.seq, last!.seq)
    }
}
