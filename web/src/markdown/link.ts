/*
 * Links in text: bare, <in angles>, <in angles|with a label>, and [labelled](like this). Only http,
 * https and mailto become links.
 */

export interface Link {
    href: string
    /* null when the address itself is what is shown. */
    label: string | null
    /* The index after the link. */
    end: number
}

const BARE = /(?:https?:\/\/|mailto:)[^\s<>]{1,2000}/iy
const ANGLED = /<((?:https?:\/\/|mailto:)[^\s<>|]{1,2000})(?:\|([^<>\n]{1,500}))?>/iy
const LABELLED =
    /\[([^[\]\n]{1,500})\]\(((?:https?:\/\/|mailto:)[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)\)/iy
const SCHEMES = new Set(['http:', 'https:', 'mailto:'])

/* The link that begins at this index, if there is one. */
export function linkAt(text: string, at: number): Link | null {
    const char = text[at]
    if (char === '[') return match(LABELLED, text, at, (m) => [m[2]!, m[1]!])
    if (char === '<') return match(ANGLED, text, at, (m) => [m[1]!, m[2] ?? null])
    return bare(text, at)
}

function match(
    pattern: RegExp,
    text: string,
    at: number,
    parts: (match: RegExpExecArray) => [string, string | null],
): Link | null {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (!found) return null
    const [href, label] = parts(found)
    return isAllowed(href) ? { href, label, end: pattern.lastIndex } : null
}

function bare(text: string, at: number): Link | null {
    BARE.lastIndex = at
    const found = BARE.exec(text)
    if (!found) return null
    const href = withoutTail(found[0])
    return isAllowed(href) ? { href, label: null, end: at + href.length } : null
}

/* Punctuation after an address belongs to the sentence, and so does a bracket that it did not open. */
function withoutTail(href: string): string {
    let unopened = count(href, ')') - count(href, '(')
    let end = href.length
    for (; '.,;:!?\'"*_~`)]}'.includes(href[end - 1]!); end--) {
        if (href[end - 1] !== ')') continue
        if (unopened <= 0) break
        unopened--
    }
    return href.slice(0, end)
}

function count(text: string, char: string): number {
    return text.split(char).length - 1
}

function isAllowed(href: string): boolean {
    try {
        const url = new URL(href)
        return SCHEMES.has(url.protocol) && (url.protocol === 'mailto:' || url.hostname !== '')
    } catch {
        return false
    }
}
