/* Times of messages in the reader's own zone and language. Times come as microseconds. */

const clock_format = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const full_format = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })
const day_format = new Intl.DateTimeFormat(undefined, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
})
const year_format = new Intl.DateTimeFormat(undefined, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
})

export function clockTime(ts_us: number): string {
    return clock_format.format(ts_us / 1000)
}

export function fullTime(ts_us: number): string {
    return full_format.format(ts_us / 1000)
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
    if (day.toDateString() === today.toDateString()) return 'Today'
    const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1)
    if (day.toDateString() === yesterday.toDateString()) return 'Yesterday'
    const format = day.getFullYear() === today.getFullYear() ? day_format : year_format
    return format.format(day)
}
