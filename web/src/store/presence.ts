/*
 * Who is there. Whatever shows somebody's presence watches that person while it is on the screen;
 * the server is told of the whole set, a moment after it changed and after each hello.
 */

import type { Clock, Timer } from '../protocol/clock'
import type { Call, PresenceState } from '../protocol/types'
import { Signal } from './signal'

const WATCHED_MAX = 500
const GATHER_MS = 50

export class Presence {
    readonly changed = new Signal()
    private readonly states = new Map<number, PresenceState>()
    /* By how many things on the screen each person is watched; the last ones are the newest. */
    private readonly watched = new Map<number, number>()
    private timer: Timer | null = null
    private mine: 'online' | 'away' = 'online'

    constructor(
        private readonly call: Call,
        private readonly clock: Clock,
    ) {}

    /* Watch somebody until the returned function is called. */
    watch(user: number): () => void {
        this.watched.set(user, (this.watched.get(user) ?? 0) + 1)
        this.sendSoon()
        return () => this.unwatch(user)
    }

    /* undefined until the server has said. */
    of(user: number): PresenceState | undefined {
        return this.states.get(user)
    }

    receive(user: number, state: PresenceState): void {
        if (!this.watched.has(user) || this.states.get(user) === state) return
        this.states.set(user, state)
        this.changed.notify()
    }

    /* How it is with the person here. */
    set(state: 'online' | 'away'): void {
        if (state === this.mine) return
        this.mine = state
        this.call('setPresence', { state }).catch(() => {})
    }

    /* The connection is new and knows nothing of this. */
    connected(): void {
        if (this.mine === 'away') this.call('setPresence', { state: 'away' }).catch(() => {})
        if (this.watched.size > 0) this.sendSoon()
    }

    private unwatch(user: number): void {
        const count = this.watched.get(user) ?? 0
        if (count > 1) this.watched.set(user, count - 1)
        else {
            this.watched.delete(user)
            this.sendSoon()
        }
    }

    private sendSoon(): void {
        this.timer ??= this.clock.after(GATHER_MS, () => {
            this.timer = null
            void this.send()
        })
    }

    private async send(): Promise<void> {
        const users = [...this.watched.keys()].slice(-WATCHED_MAX)
        /* How it stands with the others is not told any more: forget it. */
        for (const user of this.states.keys()) if (!this.watched.has(user)) this.states.delete(user)
        const answer = await this.call('watchPresence', { users }).catch(() => null)
        for (const { user, state } of answer?.presence ?? [])
            if (this.watched.has(user)) this.states.set(user, state)
        this.changed.notify()
    }
}
