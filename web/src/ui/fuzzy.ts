/* How well a name fits what somebody types. */

/* Without capitals and accents: nobody types those to find something. */
export function fold(text: string): string {
    return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}

/*
 * A number that is higher for a better fit; null when the letters are not there in this order. Both
 * are folded. Whole names before beginnings, beginnings of words before middles, and letters close
 * together before scattered ones.
 */
export function fit(query: string, text: string): number | null {
    if (query === '') return 0
    if (text === query) return 1000
    const length = Math.min(text.length, 100)
    if (text.startsWith(query)) return 900 - length
    const at = text.indexOf(query)
    if (at > 0) return (beginsWord(text, at) ? 700 : 500) - Math.min(at, 100)
    return scattered(query, text)
}

function scattered(query: string, text: string): number | null {
    let score = 300
    let last = -1
    for (const letter of query) {
        if (letter === ' ') continue
        const next = nextOf(letter, text, last + 1)
        if (next < 0) return null
        const gap = next - last - 1
        if (gap > 0) score -= beginsWord(text, next) ? 2 : Math.min(gap, 20) + 5
        last = next
    }
    return score
}

/* The next place of a letter; the beginning of a word is better than one that is nearer. */
function nextOf(letter: string, text: string, from: number): number {
    const near = text.indexOf(letter, from)
    for (let at = near; at >= 0; at = text.indexOf(letter, at + 1))
        if (at === from || beginsWord(text, at)) return at
    return near
}

function beginsWord(text: string, at: number): boolean {
    return at === 0 || /[^\p{L}\p{N}]/u.test(text[at - 1]!)
}
