/* What the message list shows, row by row. */

import { describe, expect, it } from 'vitest'
import type { ChannelEvent } from '../src/protocol/types'
import { Conversation } from '../src/store/conversation'
import type { OutgoingMessage } from '../src/store/outbox'
import { rowsOf } from '../src/ui/rows'
import { message } from './support'

const MINUTE_US = 60_000_000
const ME = 1

function kinds(
    events: ChannelEvent[],
    pending: OutgoingMessage[] = [],
    new_after: number | null = null,
): string[] {
    const conversation = new Conversation(5)
    conversation.add(events)
    conversation.setNewLine(new_after)
    return rowsOf(conversation, conversation.view.slice(), pending, ME).map((row) => {
        if (row.kind === 'message') return row.head ? 'head' : 'message'
        return row.kind
    })
}

const outgoing = (cmid: string, seen = false): OutgoingMessage => ({
    cmid,
    channel: 5,
    text: 'hi',
    written_ms: 1,
    state: 'sending',
    seen,
})

describe('the rows', () => {
    it('name the author once per run', () => {
        const at = 1_700_000_000_000_000
        const events = [
            message(1, 0, { ts_us: at }),
            message(2, 1, { ts_us: at + MINUTE_US }),
            message(3, 2, { ts_us: at + 2 * MINUTE_US, from: 8 }),
            message(4, 3, { ts_us: at + 3 * MINUTE_US }),
            message(5, 4, { ts_us: at + 9 * MINUTE_US }),
        ]
        expect(kinds(events)).toEqual(['day', 'head', 'message', 'head', 'head', 'head'])
    })

    it('divide days', () => {
        const day_us = 24 * 60 * MINUTE_US
        const events = [message(1, 0), message(2, 1, { ts_us: message(1, 0).ts_us + day_us })]
        expect(kinds(events)).toEqual(['day', 'head', 'day', 'head'])
    })

    it('have the new line before the first message of others', () => {
        const events = [message(1, 0), message(2, 1, { from: ME }), message(3, 2), message(4, 3)]
        expect(kinds(events, [], 1)).toEqual(['day', 'head', 'head', 'new', 'head', 'message'])
        expect(kinds(events, [], 4)).not.toContain('new')
    })

    it('end with what is on its way and not yet among the events', () => {
        const events = [message(1, 0)]
        expect(kinds(events, [outgoing('a', true), outgoing('b')])).toEqual([
            'day',
            'head',
            'pending',
        ])
    })

    it("keep the key of one's own message when it becomes an event", () => {
        const conversation = new Conversation(5)
        const key = () => {
            const rows = rowsOf(
                conversation,
                conversation.view.slice(),
                [outgoing('a', !!conversation.timeline.tail)],
                ME,
            )
            return rows.at(-1)!.id
        }
        const before = key()
        conversation.add([message(1, 0, { from: ME, cmid: 'a' })])
        expect(key()).toBe(before)
    })

    it('say what is replied to once, and not right below it', () => {
        const conversation = new Conversation(5)
        conversation.add([
            message(1, 0),
            message(2, 1, { thread: 1, from: 8 }),
            message(3, 2, { from: 8 }),
            message(4, 3, { thread: 1 }),
            message(5, 4, { thread: 1, from: 8 }),
        ])
        const rows = rowsOf(conversation, conversation.view.slice(), [], ME)
        const replies = rows.flatMap((row) =>
            row.kind === 'message' ? [row.reply?.root?.seq ?? null] : [],
        )
        expect(replies).toEqual([null, null, null, 1, null])
    })
})
