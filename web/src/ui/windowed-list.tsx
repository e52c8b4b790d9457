/*
 * A list of rows of one height of which only those near the window of their scroller are on the
 * page, so that thousands cost as much as forty.
 */

import type { RefObject, VNode } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

/* Rows beyond the window, and how many rows are simply shown. */
const MARGIN_ROWS = 12
const SHORT_ROWS = 60

interface Props<Item> {
    items: readonly Item[]
    row_px: number
    scroller: RefObject<HTMLElement>
    render(item: Item): VNode
    class?: string
    /* Keep this one on the screen. */
    shown?: number
}

export function WindowedList<Item>(props: Props<Item>): VNode {
    const { items, row_px, scroller, render, shown = -1 } = props
    const list = useRef<HTMLUListElement>(null)
    const [first, setFirst] = useState(0)
    const [count, setCount] = useState(SHORT_ROWS)
    const long = items.length > SHORT_ROWS

    const measure = () => {
        const window = scroller.current
        if (!window || !list.current) return
        const above = window.getBoundingClientRect().top - list.current.getBoundingClientRect().top
        const row = Math.floor(above / row_px) - MARGIN_ROWS
        /* In steps, so that scrolling does not render with every row. */
        setFirst(Math.max(0, row - (row % (MARGIN_ROWS / 2))))
        setCount(Math.ceil(window.clientHeight / row_px) + 2.5 * MARGIN_ROWS)
    }
    useLayoutEffect(measure)
    useEffect(() => {
        const window = scroller.current!
        window.addEventListener('scroll', measure, { passive: true })
        const observer = new ResizeObserver(measure)
        observer.observe(window)
        return () => {
            window.removeEventListener('scroll', measure)
            observer.disconnect()
        }
    }, [row_px])
    useLayoutEffect(() => {
        if (shown >= 0) bringIntoView(scroller.current!, list.current!, shown * row_px, row_px)
    }, [shown])

    const low = long ? Math.min(first, Math.max(0, items.length - count)) : 0
    const high = long ? Math.min(items.length, low + count) : items.length
    return (
        <ul
            ref={list}
            class={props.class}
            style={{ paddingTop: low * row_px, paddingBottom: (items.length - high) * row_px }}
        >
            {items.slice(low, high).map(render)}
        </ul>
    )
}

function bringIntoView(scroller: HTMLElement, list: HTMLElement, at: number, row: number): void {
    const window = scroller.getBoundingClientRect()
    const top = list.getBoundingClientRect().top - window.top + at
    if (top < 0) scroller.scrollTop += top - row
    else if (top + row > window.height) scroller.scrollTop += top + 2 * row - window.height
}
