/* A list that the server gives in pages, fetched completely, page after page, while it is shown. */

import { useEffect, useState } from 'preact/hooks'
import { messageOf } from '../protocol/errors'

const PAGE_LIMIT = 500

export interface PagedList<Item> {
    items: readonly Item[]
    done: boolean
    error: string | null
}

type Fetch<Item> = (page: {
    after?: number
    limit: number
}) => Promise<{ items: Item[]; next?: number }>

export function usePagedList<Item>(fetch: Fetch<Item>): PagedList<Item> {
    const [list, setList] = useState<PagedList<Item>>({ items: [], done: false, error: null })
    useEffect(() => {
        let shown = true
        const load = async () => {
            let items: Item[] = []
            let after: number | undefined
            do {
                const page = await fetch({
                    limit: PAGE_LIMIT,
                    ...(after === undefined ? {} : { after }),
                })
                items = [...items, ...page.items]
                after = page.next
                if (shown) setList({ items, done: after === undefined, error: null })
            } while (shown && after !== undefined)
        }
        load().catch((thrown: unknown) => {
            if (shown) setList((before) => ({ ...before, done: true, error: messageOf(thrown) }))
        })
        return () => {
            shown = false
        }
    }, [])
    return list
}

/* Whether any of the words contains what is looked for. */
export function matches(filter: string, ...words: string[]): boolean {
    const wanted = filter.trim().toLowerCase()
    return words.some((word) => word.toLowerCase().includes(wanted))
}
