/* Finding by a few letters. */

import { describe, expect, it } from 'vitest'
import { fit, fold } from '../src/ui/fuzzy'

function best(query: string, ...names: string[]): string[] {
    return names
        .map((name) => ({ name, score: fit(fold(query), fold(name)) }))
        .filter(({ score }) => score !== null)
        .sort((a, b) => b.score! - a.score!)
        .map(({ name }) => name)
}

describe('fuzzy search', () => {
    it('puts whole names first, then beginnings, words, and middles', () => {
        const names = ['old-design', 'redesign', 'design-team', 'design', 'general']
        expect(best('design', ...names)).toEqual([
            'design',
            'design-team',
            'old-design',
            'redesign',
        ])
    })

    it('finds letters in order, best at beginnings of words', () => {
        expect(best('iop', 'infra-operations', 'infra-ops-team', 'bishop', 'poi')).toEqual([
            'infra-operations',
            'infra-ops-team',
            'bishop',
        ])
        expect(best('xyz', 'general')).toEqual([])
    })

    it('does not mind capitals and accents', () => {
        expect(best('ERDOS', 'Paul Erdős')).toEqual(['Paul Erdős'])
        expect(best('東京', '東京オフィス')).toEqual(['東京オフィス'])
    })
})
