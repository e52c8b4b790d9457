/*
 * How long to wait before the next try: full jitter, so that thousands of clients of a server that
 * died do not come back at the same moment.
 */

const FIRST_MS = 500
const MAX_MS = 30_000

export function backoffMs(tries: number, random: () => number = Math.random): number {
    return random() * Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(tries, 16))
}
