/* Edits, deletions and reactions, however often and in whichever order they are met. */

import { describe, expect, it } from 'vitest'
import type { ChangeEvent, MessageEvent } from '../src/protocol/types'
import { Conversation } from '../src/store/conversation'
import { Timeline } from '../src/store/timeline'
import { rowsOf } from '../src/ui/rows'
import { message } from './support'

const change = (seq: number, ev: ChangeEvent['ev'], target: number, more: object = {}) =>
    ({ ev, channel: 5, seq, prev: seq - 1, n: 1, from: 2, ts_us: seq, target, ...more }) as ChangeEvent

const held = (timeline: Timeline, seq: number) => timeline.find(seq) as MessageEvent

describe('changes of messages', () => {
    it('are made to the message that is held, live and from a page', () => {
        const timeline = new Timeline()
        timeline.add([message(1, 0), message(2, 1)])
        expect(timeline.push(change(3, 'edit', 1, { text: 'better' }))).toBe(true)
        expect(held(timeline, 1)).toMatchObject({ text: 'better', edited_seq: 3 })
        timeline.add([change(4, 'edit', 1, { text: 'best' }), change(5, 'delete', 2)])
        expect(held(timeline, 1).text).toBe('best')
        expect(held(timeline, 2)).toMatchObject({ text: '', deleted: true })
        expect(timeline.live).toBe(true)
    })

    it('that are older than what is known change nothing', () => {
        const timeline = new Timeline()
        timeline.add([message(1, 0, { text: 'newest', edited_seq: 9, edited_us: 9 })])
        timeline.add([message(1, 0, { text: 'old' }), change(2, 'edit', 1, { text: 'older' })])
        expect(held(timeline, 1).text).toBe('newest')
        timeline.add([message(1, 0, { text: '', deleted: true })])
        timeline.push(change(3, 'edit', 1, { text: '', deleted: true }))
        expect(held(timeline, 1)).toMatchObject({ text: '', deleted: true })
    })

    it('count a reaction of one person once', () => {
        const timeline = new Timeline()
        timeline.add([message(1, 0, { reactions: [{ emoji: '+1', count: 1, users: [2] }] })])
        timeline.push(change(2, 'react', 1, { emoji: '+1' }))
        timeline.push(change(3, 'react', 1, { emoji: '+1', from: 3 }))
        expect(held(timeline, 1).reactions).toEqual([{ emoji: '+1', count: 2, users: [2, 3] }])
        timeline.push(change(4, 'unreact', 1, { emoji: '+1' }))
        timeline.push(change(5, 'unreact', 1, { emoji: '+1', from: 3 }))
        timeline.push(change(6, 'unreact', 1, { emoji: '+1', from: 3 }))
        expect(held(timeline, 1).reactions).toEqual([])
    })

    it('of messages that are not held are kept and shown nowhere', () => {
        const conversation = new Conversation(5)
        conversation.add([message(1, 0), change(2, 'edit', 9, { text: 'x' }), message(3, 2)])
        const rows = rowsOf(conversation, conversation.view.slice(), [], 1)
        expect(rows.map((row) => row.kind)).toEqual(['day', 'message', 'message'])
    })
})
