/*
 * The keyboard in a list of options below a field, after the combobox pattern: the focus stays in the
 * field, up and down move the active option round and round.
 */

export function movedOption(key: string, active: number, count: number): number | null {
    if (count === 0) return null
    if (key === 'ArrowDown') return (active + 1) % count
    if (key === 'ArrowUp') return (active - 1 + count) % count
    return null
}

/* Keep the active option on the screen. */
export function showOption(list: HTMLElement | null, active: number): void {
    list?.children[active]?.scrollIntoView({ block: 'nearest' })
}
