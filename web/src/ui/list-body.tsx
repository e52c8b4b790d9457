/* The inside of a dialog that lists things: a field to narrow the list, and the list. */

import type { VNode } from 'preact'
import { useRef } from 'preact/hooks'
import { WindowedList } from './windowed-list'

/* As in the style sheet. */
const ROW_PX = 52

interface Props<Item> {
    label: string
    filter: string
    setFilter(filter: string): void
    error: string | null
    /* What to say instead of an empty list. */
    empty: string | null
    items: readonly Item[]
    render(item: Item): VNode
}

export function ListBody<Item>(props: Props<Item>): VNode {
    const { label, filter, setFilter, error, empty, items, render } = props
    const scroller = useRef<HTMLDivElement>(null)
    return (
        <>
            <input
                class="field"
                type="search"
                aria-label={label}
                placeholder={label}
                value={filter}
                autofocus
                onInput={(event) => setFilter(event.currentTarget.value)}
            />
            {error && (
                <p class="error" role="alert">
                    {error}
                </p>
            )}
            {empty && <p class="hint">{empty}</p>}
            <div class="items" ref={scroller} tabIndex={-1}>
                <WindowedList items={items} row_px={ROW_PX} scroller={scroller} render={render} />
            </div>
        </>
    )
}
