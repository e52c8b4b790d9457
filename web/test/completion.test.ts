/* Completing @people, #channels and :emoji:, and what is sent of them. */

import { describe, expect, it } from 'vitest'
import { complete, encode, fragmentAt, suggest } from '../src/ui/completion'

const PEOPLE = [
    { id: 7, name: 'Ada Lovelace', hint: '@ada' },
    { id: 8, name: 'Ada', hint: '@ada2' },
    { id: 9, name: 'Bob', hint: '@bob' },
]
const CHANNELS = [{ id: 5, name: 'general', hint: 'Everything else' }]

const at = (text: string) => fragmentAt(text, text.length)

describe('the word at the caret', () => {
    it('begins with a sign after a space or at the beginning', () => {
        expect(at('@')).toEqual({ sign: '@', typed: '', from: 0, to: 1 })
        expect(at('see #gen')).toEqual({ sign: '#', typed: 'gen', from: 4, to: 8 })
        expect(at('(@bo')).toMatchObject({ typed: 'bo' })
        expect(at('やあ、@田')).toMatchObject({ typed: '田' })
    })

    it('is none inside a word, in a time, or before two letters of an emoji', () => {
        for (const text of ['a@b', 'at 10:30', 'c#', ':', ':s', ':) ', '@ ada'])
            expect(at(text)).toBeNull()
        expect(at('nice :ta')).toMatchObject({ sign: ':', typed: 'ta' })
    })
})

describe('suggestions', () => {
    it('are the people, channels and emoji that fit best', () => {
        const labels = (text: string) =>
            suggest(at(text)!, PEOPLE, CHANNELS).map((each) => each.label)
        expect(labels('@lov')).toEqual(['Ada Lovelace'])
        expect(labels('@ada2')).toEqual(['Ada'])
        expect(labels('#els')).toEqual(['#general'])
        expect(labels(':tada')[0]).toBe('🎉')
        expect(labels('@zzz')).toEqual([])
    })

    it('replace the word and put the caret behind it', () => {
        const text = 'hi @bo and'
        const fragment = fragmentAt(text, 6)!
        const [bob] = suggest(fragment, PEOPLE, CHANNELS)
        expect(complete(text, fragment, bob!)).toEqual({ text: 'hi @Bob and', caret: 8 })
        const [tada] = suggest(at(':tad')!, [], [])
        expect(complete(':tad', at(':tad')!, tada!)).toEqual({ text: '🎉 ', caret: 3 })
    })
})

describe('what is sent', () => {
    const chosen = new Map([
        ['@Ada', '<@8>'],
        ['@Ada Lovelace', '<@7>'],
        ['#general', '<#5>'],
    ])

    it('has the ids of what was chosen, the longest name first', () => {
        expect(encode('@Ada Lovelace, @Ada: see #general.', chosen)).toBe(
            '<@7>, <@8>: see <#5>.',
        )
    })

    it('leaves alone what only looks like it, and code', () => {
        expect(encode('@Adam #generals @Bob', chosen)).toBe('@Adam #generals @Bob')
        expect(encode('`@Ada` ```\n#general\n``` @Ada', chosen)).toBe(
            '`@Ada` ```\n#general\n``` <@8>',
        )
        expect(encode('a+b (@Ada)', new Map([['@a+b (x)', '<@1>']]))).toBe('a+b (@Ada)')
    })
})
