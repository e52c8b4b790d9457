/* The inside of a dialog that lists things: a field to narrow the list, and the list. */

import type { ComponentChildren, VNode } from 'preact'

interface Props {
    label: string
    filter: string
    setFilter(filter: string): void
    error: string | null
    /* What to say instead of an empty list. */
    empty: string | null
    children: ComponentChildren
}

export function ListBody({ label, filter, setFilter, error, empty, children }: Props): VNode {
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
            <ul class="items">{children}</ul>
        </>
    )
}
