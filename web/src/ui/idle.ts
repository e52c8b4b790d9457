/*
 * Notices that nobody has touched this page for a while, hidden or not, and that somebody is back.
 */

import type { Clock, Timer } from '../protocol/clock'

const AWAY_AFTER_MS = 10 * 60 * 1000

export class Idle {
    private touched_ms: number
    private away = false
    private timer: Timer

    constructor(
        private readonly clock: Clock,
        private readonly tell: (state: 'online' | 'away') => void,
    ) {
        this.touched_ms = clock.now()
        this.timer = clock.after(AWAY_AFTER_MS, () => this.look())
    }

    /* Somebody did something. Called very often. */
    touch(): void {
        this.touched_ms = this.clock.now()
        if (!this.away) return
        this.away = false
        this.tell('online')
        this.timer = this.clock.after(AWAY_AFTER_MS, () => this.look())
    }

    stop(): void {
        this.timer.cancel()
    }

    private look(): void {
        const left_ms = this.touched_ms + AWAY_AFTER_MS - this.clock.now()
        if (left_ms > 0) {
            this.timer = this.clock.after(left_ms, () => this.look())
        } else {
            this.away = true
            this.tell('away')
        }
    }
}
