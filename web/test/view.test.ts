/* Views: a small slice that slides over a long history. */

import { describe, expect, it } from 'vitest'
import { Timeline } from '../src/store/timeline'
import { View } from '../src/store/view'
import { message, messages, seqs } from './support'

function viewOf(first: number, last: number): { timeline: Timeline; view: View } {
    const timeline = new Timeline()
    timeline.add(messages(first, last))
    return { timeline, view: new View(timeline) }
}

function shown(view: View): number[] {
    const slice = view.slice()!
    return seqs(slice.range.slice(slice.low, slice.high))
}

describe('a view', () => {
    it('shows the end first', () => {
        const { view } = viewOf(1, 1000)
        expect(shown(view).at(-1)).toBe(1000)
        expect(shown(view).length).toBeLessThan(view.rows_max)
        expect(view.slice()!.at_end).toBe(true)
    })

    it('never begins with an event whose predecessor is unknown', () => {
        const { view } = viewOf(501, 520)
        expect(shown(view)[0]).toBe(502)
        expect(view.slice()!.at_start).toBe(false)
    })

    it('begins with the first event of the channel', () => {
        const { view } = viewOf(1, 20)
        expect(shown(view)[0]).toBe(1)
        expect(view.slice()!.at_start).toBe(true)
    })

    it('stays small while it slides up to the start and down to the end', () => {
        const { view } = viewOf(1, 1000)
        while (view.slideUp()) expect(shown(view).length).toBeLessThanOrEqual(view.rows_max)
        expect(shown(view)[0]).toBe(1)
        expect(view.follow).toBe(false)
        while (view.slideDown()) expect(shown(view).length).toBeLessThanOrEqual(view.rows_max)
        expect(shown(view).at(-1)).toBe(1000)
    })

    it('shows the same rows when older events arrive', () => {
        const { timeline, view } = viewOf(501, 1000)
        while (view.slideUp());
        const before = shown(view)
        timeline.add(messages(401, 500))
        expect(shown(view)).toEqual(before)
    })

    it('goes with new events while it follows, and within its size', () => {
        const { timeline, view } = viewOf(1, 1000)
        view.slice()
        for (let seq = 1001; seq <= 1600; seq++) {
            timeline.push(message(seq, seq - 1))
            expect(shown(view).at(-1)).toBe(seq)
            expect(shown(view).length).toBeLessThanOrEqual(view.rows_max)
        }
    })

    it('comes back to the end', () => {
        const { view } = viewOf(1, 1000)
        while (view.slideUp());
        view.showLatest()
        expect(shown(view).at(-1)).toBe(1000)
    })
})
