/*
 * Holding the reader's place: which row is at the top of the list, where exactly, and how to put it
 * back there after rows were added, removed or changed around it. The browser's own scroll anchoring
 * is switched off; it gives up in too many cases.
 */

import type { Place } from '../store/view'

/* The first row that begins inside the list's window, or the one that fills it. */
export function placeOf(list: HTMLElement, rows: HTMLElement): Place | null {
    const top = list.getBoundingClientRect().top
    const children = rows.children
    let found: Place | null = null
    for (let i = firstBelow(children, top); i < children.length; i++) {
        const row = children[i] as HTMLElement
        const key = row.dataset.key
        if (key === undefined) continue
        const row_top = row.getBoundingClientRect().top - top
        if (found && row_top >= list.clientHeight) break
        found = { key, top: row_top }
        if (row_top >= 0) break
    }
    return found
}

/* Scroll so that the row is where it was. False if the row is not there any more. */
export function putBack(list: HTMLElement, rows: HTMLElement, place: Place): boolean {
    const row = rows.querySelector(`[data-key="${place.key}"]`)
    if (!row) return false
    const moved = row.getBoundingClientRect().top - list.getBoundingClientRect().top - place.top
    if (moved !== 0) list.scrollTop += moved
    return true
}

/* The index of the first row that ends below a height; rows are in order. */
function firstBelow(rows: HTMLCollection, top: number): number {
    let low = 0
    let high = rows.length
    while (low < high) {
        const middle = (low + high) >> 1
        if (rows[middle]!.getBoundingClientRect().bottom <= top) low = middle + 1
        else high = middle
    }
    return low
}
