/* The parts of the page that F6 goes round: in each, where the focus goes. */

const REGIONS: readonly string[][] = [
    ['.sidebar a[aria-current]', '.sidebar li a', '.sidebar button'],
    ['.channel-header .members'],
    ['.messages'],
    ['.composer textarea'],
]
const AREAS = ['.sidebar', '.channel-header', '.message-area', '.composer']

export function focusRegion(step: 1 | -1): void {
    const at = AREAS.findIndex((area) => document.activeElement?.closest(area))
    const start = at < 0 && step < 0 ? 0 : at
    for (let i = 1; i <= REGIONS.length; i++) {
        const next = (start + step * i + 2 * REGIONS.length) % REGIONS.length
        if (focusFirst(REGIONS[next]!)) return
    }
}

function focusFirst(selectors: readonly string[]): boolean {
    for (const selector of selectors) {
        const found = document.querySelector<HTMLElement>(selector)
        if (!found?.checkVisibility?.({ visibilityProperty: true })) continue
        found.focus({ preventScroll: selector === '.messages' })
        return true
    }
    return false
}
