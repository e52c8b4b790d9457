/*
 * What edits, deletions and reactions make of a message (docs/PROTOCOL.md, "Changes of messages").
 * Each can be met several times and from several places; then it changes nothing any more.
 */

import type { ChangeEvent, ChannelEvent, MessageEvent, Reaction } from '../protocol/types'

export function isChange(event: ChannelEvent): event is ChangeEvent {
    return (
        event.ev === 'edit' ||
        event.ev === 'delete' ||
        event.ev === 'react' ||
        event.ev === 'unreact'
    )
}

/* The message after the change; the same object when it is in there already. */
export function changed(message: MessageEvent, change: ChangeEvent): MessageEvent {
    if (message.deleted) return message
    switch (change.ev) {
        case 'edit':
            if (change.deleted || change.seq <= (message.edited_seq ?? 0)) return message
            return {
                ...message,
                text: change.text ?? '',
                edited_seq: change.seq,
                edited_us: change.ts_us,
            }
        case 'delete':
            return { ...message, text: '', deleted: true, reactions: [] }
        case 'react':
        case 'unreact':
            return reacted(message, change)
    }
}

function reacted(message: MessageEvent, change: ChangeEvent): MessageEvent {
    const emoji = change.emoji ?? ''
    const all = message.reactions ?? []
    const old = all.find((each) => each.emoji === emoji) ?? { emoji, count: 0, users: [] }
    const adds = change.ev === 'react'
    if (old.users.includes(change.from) === adds) return message
    const users = adds
        ? [...old.users, change.from]
        : old.users.filter((user) => user !== change.from)
    const now: Reaction = { emoji, users, count: old.count + (adds ? 1 : -1) }
    const rest = all.includes(old) ? all.map((each) => (each === old ? now : each)) : [...all, now]
    return { ...message, reactions: rest.filter((each) => each.count > 0) }
}

/* Of two copies of one event the one that knows more. */
export function newer(a: ChannelEvent, b: ChannelEvent): ChannelEvent {
    if (a.ev !== 'message' || b.ev !== 'message') return a
    if (a.deleted || b.deleted) return a.deleted ? a : b
    return (b.edited_seq ?? 0) > (a.edited_seq ?? 0) ? b : a
}
