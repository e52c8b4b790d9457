/* Time as the engine sees it, so that tests can own it. */

export interface Clock {
    now(): number
    after(ms: number, run: () => void): Timer
}

export interface Timer {
    cancel(): void
}

export const systemClock: Clock = {
    now: () => Date.now(),
    after(ms, run) {
        const id = setTimeout(run, ms)
        return { cancel: () => clearTimeout(id) }
    },
}
