/*
 * Where the outbox outlives the page, and where several pages of one person meet: what one of them
 * keeps the others are told of.
 */

import type { Ack } from '../protocol/types'
import type { OutgoingMessage } from './outbox'

/* What happened to a message in another tab. */
export type OutboxNews =
    | { what: 'kept'; message: OutgoingMessage }
    | { what: 'acked'; message: OutgoingMessage; ack: Ack }
    | { what: 'removed'; cmid: string }

export interface OutboxStorage {
    load(): Promise<OutgoingMessage[]>
    /* Resolves when the message is kept, or cannot be kept at all: it goes out now all the same. */
    keep(message: OutgoingMessage): Promise<void>
    forget(cmid: string): Promise<void>
    /* Tell the other tabs. */
    tell(news: OutboxNews): void
    /* The other tabs tell. */
    listen(hear: (news: OutboxNews) => void): void
}

/*
 * The right to send: of all the tabs of one person, one has it, so that messages go out in order and
 * once. It passes to another when that tab goes.
 */
export interface Turn {
    readonly mine: boolean
    /* Have it here, now: this is where somebody writes. */
    take(): void
    listen(gained: () => void): void
}

/* For tests, and browsers that keep nothing: one page, alone. */
export function memoryOutbox(): OutboxStorage {
    const kept = new Map<string, OutgoingMessage>()
    return {
        load: () => Promise.resolve([...kept.values()]),
        keep: (message) => Promise.resolve(void kept.set(message.cmid, message)),
        forget: (cmid) => Promise.resolve(void kept.delete(cmid)),
        tell: () => {},
        listen: () => {},
    }
}

export const aloneTurn: Turn = { mine: true, take: () => {}, listen: () => {} }
