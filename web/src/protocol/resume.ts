/*
 * Fetch what happened since the last seq of each channel, page by page. A channel that is still not
 * complete after `pages_max` answers is left there: that much is better read by scrolling.
 */

import type { Call, ChannelEvent } from './types'

export interface Resumed {
    channel: number
    events: ChannelEvent[]
    last_seq: number
    complete: boolean
}

export async function resume(
    call: Call,
    have: ReadonlyMap<number, number>,
    pages_max: number,
    onChannel: (resumed: Resumed) => void,
): Promise<void> {
    const missing = new Map(have)
    for (let page = 0; missing.size > 0 && page < pages_max; page++) {
        const answer = await call('resume', { have: [...missing] })
        for (const each of answer.channels) {
            const events = each.events ?? []
            const complete = each.error !== undefined || each.complete === true
            const last = events[events.length - 1]
            if (complete || !last) missing.delete(each.channel)
            else missing.set(each.channel, last.seq)
            if (each.error === undefined)
                onChannel({
                    channel: each.channel,
                    events,
                    last_seq: each.last_seq ?? 0,
                    complete,
                })
        }
    }
}
