/* Chat markdown as one line of plain words, for excerpts and for reading aloud. */

import { parseMarkdown, type Inline } from './parse'
import type { Names } from './render'

export function plainText(text: string, length_max: number, names: Names): string {
    const words = parseMarkdown(text.slice(0, 2 * length_max))
        .map((block) => (block.type === 'code' ? block.text : plainOf(block.children, names)))
        .join(' ')
        .replace(/\s+/g, ' ')
        .trim()
    return words.length > length_max ? `${words.slice(0, length_max)}…` : words
}

function plainOf(nodes: readonly Inline[], names: Names): string {
    return nodes.map((node) => plainNode(node, names)).join('')
}

function plainNode(node: Inline, names: Names): string {
    if (typeof node === 'string') return node
    switch (node.type) {
        case 'code':
            return node.text
        case 'mention':
            return `@${names.user(node.user)}`
        case 'channel':
            return `#${names.channel(node.channel)}`
        case 'control':
            return ''
        default:
            return plainOf(node.children, names)
    }
}
