/* A coloured initial in place of a picture. The colour is a function of the id. */

import type { VNode } from 'preact'

const HUES = 10

export function Avatar({ id, name }: { id: number; name: string }): VNode {
    return (
        <span class={`avatar hue-${id % HUES}`} aria-hidden="true">
            {initialOf(name)}
        </span>
    )
}

function initialOf(name: string): string {
    return (name.match(/[\p{L}\p{N}]/u)?.[0] ?? '?').toUpperCase()
}
