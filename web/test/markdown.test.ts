/* Chat markdown, with attempts to break it and to slow it down. */

import { describe, expect, it } from 'vitest'
import { parseInline, parseMarkdown, type Inline } from '../src/markdown/parse'
import { plainText } from '../src/markdown/plain'

const bold = (...children: Inline[]): Inline => ({ type: 'bold', children })
const italic = (...children: Inline[]): Inline => ({ type: 'italic', children })
const strike = (...children: Inline[]): Inline => ({ type: 'strike', children })
const code = (text: string): Inline => ({ type: 'code', text })
const link = (href: string, ...children: Inline[]): Inline => ({
    type: 'link',
    href,
    children: children.length > 0 ? children : [href],
})

const inline: [string, Inline[]][] = [
    ['plain', ['plain']],
    [
        '*bold* and _italic_ and ~strike~',
        [bold('bold'), ' and ', italic('italic'), ' and ', strike('strike')],
    ],
    ['*all _of ~it~_*', [bold('all ', italic('of ', strike('it')))]],
    ['(*bold*), "_it_".', ['(', bold('bold'), '), "', italic('it'), '".']],
    ['2 * 3 * 4', ['2 * 3 * 4']],
    ['snake_case_name and a*b*c', ['snake_case_name and a*b*c']],
    ['* not bold*', ['* not bold*']],
    ['*not closed', ['*not closed']],
    ['*over\nlines*', ['*over\nlines*']],
    ['** and __', ['** and __']],
    ['`*as it is*`', [code('*as it is*')]],
    ['a ` b', ['a ` b']],
    ['<@7> in <#5>', [{ type: 'mention', user: 7 }, ' in ', { type: 'channel', channel: 5 }]],
    ['<@x> <@>', ['<@x> <@>']],
    ['see https://example.org/a_b_c.', ['see ', link('https://example.org/a_b_c'), '.']],
    ['(https://example.org/x_(y))', ['(', link('https://example.org/x_(y)'), ')']],
    ['<https://example.org/?a=1&b=2>', [link('https://example.org/?a=1&b=2')]],
    ['<https://example.org|the page>', [link('https://example.org', 'the page')]],
    ['[the *page*](https://example.org/)', [link('https://example.org/', 'the ', bold('page'))]],
    ['[https://good.org](https://evil.org)', [link('https://evil.org', 'https://good.org')]],
    ['mailto:ada@example.org!', [link('mailto:ada@example.org'), '!']],
    ['[x](javascript:alert(1))', ['[x](javascript:alert(1))']],
    ['javascript:alert(1) data:text/html,x', ['javascript:alert(1) data:text/html,x']],
    ['https://', ['https://']],
    ['xhttps://example.org', ['xhttps://example.org']],
    ['<img src=x onerror=alert(1)>', ['<img src=x onerror=alert(1)>']],
    ['a\u202eb', ['a', { type: 'control', code: 0x202e }, 'b']],
    ['*粗体* 和 _斜体_', [bold('粗体'), ' 和 ', italic('斜体')]],
    ['👍 *👍*', ['👍 ', bold('👍')]],
]

describe('inline markdown', () => {
    it.each(inline)('%j', (text, nodes) => expect(parseInline(text)).toEqual(nodes))
})

describe('blocks', () => {
    it('are quotes, code and text', () => {
        expect(parseMarkdown('a\n> b\n>c\nd\n```\n*e*\n\n> f\n```\ng')).toEqual([
            { type: 'text', children: ['a'] },
            { type: 'quote', children: ['b\nc'] },
            { type: 'text', children: ['d'] },
            { type: 'code', text: '*e*\n\n> f' },
            { type: 'text', children: ['g'] },
        ])
    })

    it('need no empty lines around code', () => {
        expect(parseMarkdown('a\n\n```b```\n\n\nc\n')).toEqual([
            { type: 'text', children: ['a'] },
            { type: 'code', text: 'b' },
            { type: 'text', children: ['c'] },
        ])
    })

    it('name a language, or stand in a line', () => {
        expect(parseMarkdown('```c\nint x;\n```')).toEqual([{ type: 'code', text: 'int x;' }])
        expect(parseMarkdown('```int x;```')).toEqual([{ type: 'code', text: 'int x;' }])
    })

    it('are text when they are not closed', () => {
        expect(parseMarkdown('```\nint x;')).toEqual([{ type: 'text', children: ['```\nint x;'] }])
    })
})

describe('plain text', () => {
    it('has names and no marks, on one line', () => {
        const names = {
            me: 1,
            user: (id: number) => `user${id}`,
            channel: (id: number) => `ch${id}`,
        }
        expect(plainText('*Hi* <@7>\n> see <#5>', 100, names)).toBe('Hi @user7 see #ch5')
        expect(plainText('word '.repeat(100), 9, names)).toBe('word word…')
    })
})

describe('the parser', () => {
    const plain = (nodes: readonly Inline[]): string =>
        nodes
            .map((node) => {
                if (typeof node === 'string') return node
                if ('children' in node) return plain(node.children)
                return 'text' in node ? node.text : ''
            })
            .join('')

    it('loses no letter of random input', () => {
        const parts = [
            '*',
            '_',
            '~',
            '`',
            ' ',
            'a',
            '\n',
            '[',
            ']',
            '(',
            ')',
            '<',
            '>',
            'http://x.y',
        ]
        for (let round = 0; round < 2000; round++) {
            const text = Array.from(
                { length: 30 },
                () => parts[Math.floor(Math.random() * parts.length)],
            ).join('')
            /* What is in a link's target is not shown. */
            if (/\]\(http:\/\/x\.y[^\s)]*a/.test(text)) continue
            const letters = (of: string) => of.replace(/http:\/\/x\.y/g, '').replace(/[^a]/g, '')
            expect(letters(plain(parseInline(text)))).toBe(letters(text))
        }
    })

    it.each([
        '*a ',
        '_a',
        '~ a~',
        '`',
        '[',
        '[a](',
        '<',
        'http://',
        'https://[',
        ')',
        '*_~',
        '```',
        '> ',
    ])('needs no long time for 16 KiB of %j', (part) => {
        const started = performance.now()
        parseMarkdown(part.repeat(Math.ceil(16_384 / part.length)))
        parseMarkdown(`http://a/${part.repeat(Math.ceil(16_384 / part.length))}`)
        expect(performance.now() - started).toBeLessThan(500)
    })
})
