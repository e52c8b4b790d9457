/*
 * Chat markdown to a tree of plain objects: *bold*, _italic_, ~strike~, `code`, ``` blocks ```,
 * > quotes, links, mentions. Whatever is not exactly one of these is text as it was written.
 *
 * Takes linear time: a search for a closing mark that failed is not repeated on the same line.
 */

import { linkAt } from './link'

export type Inline =
    | string
    | { type: 'bold' | 'italic' | 'strike'; children: Inline[] }
    | { type: 'code'; text: string }
    | { type: 'link'; href: string; children: Inline[] }
    | { type: 'mention'; user: number }
    | { type: 'channel'; channel: number }
    /* A character that would be invisible and could deceive, for example by reversing the text. */
    | { type: 'control'; code: number }

export type Block =
    | { type: 'text'; children: Inline[] }
    | { type: 'quote'; children: Inline[] }
    | { type: 'code'; text: string }

const FENCE = /```(?:[a-z0-9+#-]*\n)?([\s\S]*?)\n?```\n?/giy
const REFERENCE = /<([@#])(\d{1,15})>/y
const CONTROL = /[\u200b\u202a-\u202e\u2066-\u2069\ufeff]/
const MARKS: Record<string, 'bold' | 'italic' | 'strike'> = {
    '*': 'bold',
    _: 'italic',
    '~': 'strike',
}

export function parseMarkdown(text: string): Block[] {
    const blocks: Block[] = []
    let from = 0
    for (let at = text.indexOf('```'); at >= 0; at = text.indexOf('```', at)) {
        FENCE.lastIndex = at
        const fence = FENCE.exec(text)
        if (!fence) break
        if (fence[1] !== '') {
            blocks.push(...parseLines(withoutOuterNewlines(text.slice(from, at))))
            blocks.push({ type: 'code', text: fence[1]! })
            from = FENCE.lastIndex
        }
        at = FENCE.lastIndex
    }
    const rest = text.slice(from)
    blocks.push(...parseLines(from === 0 ? rest : withoutOuterNewlines(rest)))
    return blocks
}

/* Around a block of code there is room enough. */
function withoutOuterNewlines(text: string): string {
    let from = 0
    let to = text.length
    while (text[from] === '\n') from++
    while (to > from && text[to - 1] === '\n') to--
    return text.slice(from, to)
}

/* Runs of quoted and of other lines. */
function parseLines(text: string): Block[] {
    if (text === '') return []
    const blocks: Block[] = []
    let run: string[] = []
    let quoted = false
    const flush = () => {
        if (run.length > 0)
            blocks.push({ type: quoted ? 'quote' : 'text', children: parseInline(run.join('\n')) })
        run = []
    }
    for (const line of text.split('\n')) {
        const is_quote = line.startsWith('>')
        if (is_quote !== quoted) flush()
        quoted = is_quote
        run.push(is_quote ? line.replace(/^> ?/, '') : line)
    }
    flush()
    return blocks
}

export function parseInline(text: string): Inline[] {
    return new InlineParser(text, '').parse()
}

class InlineParser {
    private readonly nodes: Inline[] = []
    private readonly no_closer: Record<string, number> = {}
    private at = 0
    private plain = 0

    constructor(
        private readonly text: string,
        /* The marks that are open around this text; they do not nest in themselves. */
        private readonly open: string,
    ) {}

    parse(): Inline[] {
        while (this.at < this.text.length) if (!this.step()) this.at++
        this.flush(this.at)
        return this.nodes
    }

    /* Take one node from here, or return false if here is only text. */
    private step(): boolean {
        const char = this.text[this.at]!
        if (char === '`') return this.code()
        if (char in MARKS) return this.emphasis(char)
        if (char === '<' && this.reference()) return true
        if ('<[hHmM'.includes(char)) return this.link()
        if (CONTROL.test(char))
            return this.take({ type: 'control', code: char.charCodeAt(0) }, this.at + 1)
        return false
    }

    private take(node: Inline, end: number): true {
        this.flush(this.at)
        this.nodes.push(node)
        this.at = this.plain = end
        return true
    }

    private flush(end: number): void {
        if (end > this.plain) this.nodes.push(this.text.slice(this.plain, end))
        this.plain = end
    }

    private code(): boolean {
        /* Several in a row are no mark. */
        if (this.text[this.at - 1] === '`' || this.text[this.at + 1] === '`') return false
        const end = this.closer('`', () => true)
        return (
            end > 0 && this.take({ type: 'code', text: this.text.slice(this.at + 1, end) }, end + 1)
        )
    }

    private emphasis(mark: string): boolean {
        const { text, at, open } = this
        if (open.includes(mark) || isWord(text[at - 1]) || isSpace(text[at + 1])) return false
        const end = this.closer(mark, (i) => !isSpace(text[i - 1]) && !isWord(text[i + 1]))
        if (end < 0) return false
        const children = new InlineParser(text.slice(at + 1, end), open + mark).parse()
        return this.take({ type: MARKS[mark]!, children }, end + 1)
    }

    private reference(): boolean {
        REFERENCE.lastIndex = this.at
        const match = REFERENCE.exec(this.text)
        if (!match) return false
        const id = Number(match[2])
        const node: Inline =
            match[1] === '@' ? { type: 'mention', user: id } : { type: 'channel', channel: id }
        return this.take(node, REFERENCE.lastIndex)
    }

    private link(): boolean {
        if (isWord(this.text[this.at - 1])) return false
        const link = linkAt(this.text, this.at)
        if (!link) return false
        const children =
            link.label === null ? [link.href] : new InlineParser(link.label, '').parse()
        return this.take(
            { type: 'link', href: link.href, children: withoutLinks(children) },
            link.end,
        )
    }

    /* Where a mark closes on this line, with something between; -1 if nowhere. */
    private closer(mark: string, closes: (at: number) => boolean): number {
        if ((this.no_closer[mark] ?? -1) > this.at) return -1
        for (let i = this.at + 1; ; i++) {
            const char = this.text[i]
            if (char === undefined || char === '\n') {
                this.no_closer[mark] = i
                return -1
            }
            if (char === mark && i > this.at + 1 && closes(i)) return i
        }
    }
}

/* A link inside a link's label is only its text. */
function withoutLinks(nodes: Inline[]): Inline[] {
    return nodes.flatMap((node) =>
        typeof node === 'object' && node.type === 'link' ? node.children : [node],
    )
}

function isWord(char: string | undefined): boolean {
    return char !== undefined && /[\p{L}\p{N}]/u.test(char)
}

function isSpace(char: string | undefined): boolean {
    return char === undefined || /\s/.test(char)
}
