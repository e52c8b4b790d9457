/* Which message the arrow keys go to, from the one that has the focus or from what is on the screen. */

export function nextMessage(list: HTMLElement, key: string): HTMLElement | null {
    const all = [...list.querySelectorAll<HTMLElement>('.message')]
    if (key === 'Home') return all[0] ?? null
    if (key === 'End') return all[all.length - 1] ?? null
    if (key !== 'ArrowUp' && key !== 'ArrowDown') return null
    const at = all.indexOf(document.activeElement as HTMLElement)
    if (at < 0) return key === 'ArrowUp' ? lastOnScreen(list, all) : firstOnScreen(list, all)
    return all[at + (key === 'ArrowUp' ? -1 : 1)] ?? null
}

function firstOnScreen(list: HTMLElement, all: readonly HTMLElement[]): HTMLElement | null {
    const { top } = list.getBoundingClientRect()
    return all.find((row) => row.getBoundingClientRect().top >= top) ?? null
}

function lastOnScreen(list: HTMLElement, all: readonly HTMLElement[]): HTMLElement | null {
    const { bottom } = list.getBoundingClientRect()
    return all.filter((row) => row.getBoundingClientRect().bottom <= bottom).pop() ?? null
}
