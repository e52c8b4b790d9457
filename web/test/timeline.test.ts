/* Timelines: ordered, without duplicates, and honest about gaps. */

import { describe, expect, it } from 'vitest'
import { Timeline } from '../src/store/timeline'
import { message, messages, seqs } from './support'

describe('a timeline', () => {
    it('keeps pages in order and without duplicates, in whichever order they come', () => {
        const timeline = new Timeline()
        timeline.add(messages(7, 9))
        timeline.add(messages(1, 3))
        timeline.add(messages(3, 7))
        expect(seqs(timeline.tail)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
        expect(timeline.size).toBe(9)
    })

    it('joins ranges by prev, so a jump of the seq is not a gap', () => {
        const timeline = new Timeline()
        timeline.add([message(1, 0), message(2, 1)])
        timeline.add([message(1000, 2), message(1001, 1000)])
        expect(seqs(timeline.tail)).toEqual([1, 2, 1000, 1001])
    })

    it('keeps what is not joined apart', () => {
        const timeline = new Timeline()
        timeline.add(messages(1, 3))
        timeline.add(messages(6, 8))
        expect(seqs(timeline.rangeWith(2))).toEqual([1, 2, 3])
        expect(seqs(timeline.tail)).toEqual([6, 7, 8])
        timeline.add(messages(4, 5))
        expect(seqs(timeline.tail)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    })

    it('believes prev and not the page when a page has a gap', () => {
        const timeline = new Timeline()
        timeline.add([message(1, 0), message(5, 4)])
        expect(seqs(timeline.tail)).toEqual([5])
    })

    it('takes a live event that extends it, ignores a duplicate, and refuses one after a gap', () => {
        const timeline = new Timeline()
        timeline.add(messages(1, 3))
        expect(timeline.push(message(4, 3))).toBe(true)
        expect(timeline.push(message(4, 3))).toBe(true)
        expect(timeline.push(message(2, 1))).toBe(true)
        expect(timeline.live).toBe(true)
        expect(timeline.push(message(6, 5))).toBe(false)
        expect(seqs(timeline.tail)).toEqual([1, 2, 3, 4])
        expect(timeline.live).toBe(false)
        timeline.add(messages(5, 6))
        expect(timeline.live).toBe(true)
    })

    it('begins with the first event of an empty channel', () => {
        const timeline = new Timeline()
        expect(timeline.live).toBe(true)
        expect(timeline.push(message(1, 0))).toBe(true)
        expect(timeline.beginsAtStart(timeline.tail!)).toBe(true)
    })

    it('drops what is far from what is read, and keeps the end', () => {
        const timeline = new Timeline()
        timeline.add(messages(1, 5000))
        timeline.trim(1000, 1100)
        expect(timeline.size).toBeLessThan(1200)
        expect(timeline.find(1050)?.seq).toBe(1050)
        expect(timeline.find(5000)?.seq).toBe(5000)
        expect(timeline.find(3000)).toBeUndefined()
        expect(timeline.live).toBe(true)
        expect(timeline.reachesHead(timeline.rangeWith(1050)!)).toBe(false)
    })

    it('is the same whatever the order of random overlapping pages', () => {
        const all = messages(1, 200)
        for (let round = 0; round < 50; round++) {
            const timeline = new Timeline()
            for (let i = 0; i < 60; i++) {
                const from = Math.floor(Math.random() * 190)
                timeline.add(all.slice(from, from + 1 + Math.floor(Math.random() * 20)))
            }
            timeline.add(all.slice(0, 100))
            timeline.add(all.slice(100))
            expect(seqs(timeline.tail)).toEqual(seqs(all))
        }
    })
})
