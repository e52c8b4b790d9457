/* Times of messages in the reader's own zone and language. Times come as microseconds. */

import { locale, words } from '../i18n/words'

const FORMATS = {
    clock: { hour: '2-digit', minute: '2-digit' },
    full: { dateStyle: 'full', timeStyle: 'medium' },
    day: { weekday: 'long', day: 'numeric', month: 'long' },
    year: { day: 'numeric', month: 'long', year: 'numeric' },
} satisfies Record<string, Intl.DateTimeFormatOptions>

/* Made once for each language: making one takes longer than using it a hundred times. */
const made = new Map<string, Intl.DateTimeFormat>()

function format(name: keyof typeof FORMATS, time: number | Date): string {
    const key = `${name} ${locale()}`
    let found = made.get(key)
    if (!found) made.set(key, (found = new Intl.DateTimeFormat(locale(), FORMATS[name])))
    return found.format(time)
}

export function clockTime(ts_us: number): string {
    return format('clock', ts_us / 1000)
}

export function fullTime(ts_us: number): string {
    return format('full', ts_us / 1000)
}

export function isoTime(ts_us: number): string {
    return new Date(ts_us / 1000).toISOString()
}

export function sameDay(a_us: number, b_us: number): boolean {
    return new Date(a_us / 1000).toDateString() === new Date(b_us / 1000).toDateString()
}

export function dayName(ts_us: number, now_ms: number): string {
    const day = new Date(ts_us / 1000)
    const today = new Date(now_ms)
    if (day.toDateString() === today.toDateString()) return words().today
    const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1)
    if (day.toDateString() === yesterday.toDateString()) return words().yesterday
    return format(day.getFullYear() === today.getFullYear() ? 'day' : 'year', day)
}
