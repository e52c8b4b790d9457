/*
 * What the message list shows, row by row: a plain function of the events in view, the messages on
 * their way, and the "new" line.
 */

import type { ChannelEvent, MessageEvent, SystemEvent } from '../protocol/types'
import { isChange } from '../store/changes'
import type { Conversation } from '../store/conversation'
import type { OutgoingMessage } from '../store/outbox'
import type { Slice } from '../store/view'
import { sameDay } from './time'

/* `key` names the row for ever; only such rows can hold the reader's place. */
export type Row =
    | { kind: 'day'; id: string; ts_us: number }
    | { kind: 'new'; id: string }
    | { kind: 'system'; id: string; key: string; event: SystemEvent }
    | {
          kind: 'message'
          id: string
          key: string
          event: MessageEvent
          head: boolean
          reply: Reply | null
      }
    | { kind: 'pending'; id: string; key: string; message: OutgoingMessage; head: boolean }

/* The message that is replied to; null when it is not held. */
export interface Reply {
    root: MessageEvent | null
}

/* A run of messages by one person shows the name once, unless they are far apart. */
const RUN_GAP_US = 5 * 60 * 1_000_000

export function rowsOf(
    conversation: Conversation,
    slice: Slice | null,
    pending: readonly OutgoingMessage[],
    me: number,
): Row[] {
    const rows: Row[] = []
    let before: ChannelEvent | undefined
    let new_after = conversation.new_line?.after_seq ?? null
    if (slice) {
        before = slice.range[slice.low - 1]
        if (new_after !== null && before && before.seq > new_after) new_after = null
        for (let i = slice.low; i < slice.high; i++) {
            const event = slice.range[i]!
            if (isChange(event)) continue /* it is seen in its message */
            if (!before || !sameDay(before.ts_us, event.ts_us))
                rows.push({ kind: 'day', id: `d${event.seq}`, ts_us: event.ts_us })
            const is_new = new_after !== null && isNewTo(me, event, new_after)
            if (is_new) {
                rows.push({ kind: 'new', id: 'new' })
                new_after = null
            }
            rows.push(rowOf(conversation, event, is_new ? undefined : before, me))
            before = event
        }
    }
    if (showsPending(conversation, slice)) appendPending(rows, pending, before, me)
    return rows
}

/* What is on its way comes after everything else, so only where the end is in view. */
function showsPending(conversation: Conversation, slice: Slice | null): boolean {
    if (!slice) return true
    return slice.high === slice.range.length && slice.range === conversation.timeline.tail
}

function appendPending(
    rows: Row[],
    pending: readonly OutgoingMessage[],
    before: ChannelEvent | undefined,
    me: number,
): void {
    let head = !(before?.ev === 'message' && before.from === me)
    for (const message of pending) {
        if (message.seen) continue
        const key = `c${message.cmid}`
        rows.push({ kind: 'pending', id: key, key, message, head })
        head = false
    }
}

function isNewTo(me: number, event: ChannelEvent, new_after: number): boolean {
    return event.ev === 'message' && event.seq > new_after && event.from !== me
}

function rowOf(
    conversation: Conversation,
    event: MessageEvent | SystemEvent,
    before: ChannelEvent | undefined,
    me: number,
): Row {
    if (event.ev !== 'message') {
        const key = `s${event.seq}`
        return { kind: 'system', id: key, key, event }
    }
    /* One's own message keeps its row when the pending one becomes an event. */
    const key = event.from === me ? `c${event.cmid}` : `s${event.seq}`
    const head = !before || !continues(before, event)
    const reply = needsHint(event, before) ? { root: rootOf(conversation, event.thread!) } : null
    return { kind: 'message', id: key, key, event, head, reply }
}

function continues(before: ChannelEvent, event: MessageEvent): boolean {
    return (
        before.ev === 'message' &&
        before.from === event.from &&
        before.thread === event.thread &&
        event.ts_us - before.ts_us < RUN_GAP_US &&
        sameDay(before.ts_us, event.ts_us)
    )
}

/* A reply says what it replies to, unless that or another reply to it is right above. */
function needsHint(event: MessageEvent, before: ChannelEvent | undefined): boolean {
    if (event.thread === undefined || event.thread === event.seq) return false
    if (before?.ev !== 'message') return true
    return before.thread !== event.thread && before.seq !== event.thread
}

function rootOf(conversation: Conversation, seq: number): MessageEvent | null {
    const root = conversation.timeline.find(seq)
    return root?.ev === 'message' ? root : null
}
