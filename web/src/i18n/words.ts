/*
 * The words and formats of the page in the language of its reader. Components ask for them while
 * they render; when the language changes, the whole page is rendered again.
 */

import { en } from './en'
import { ja } from './ja'

export type Words = typeof en
export type Language = 'en' | 'ja'

/* Each in its own words, for the one who looks for it. */
export const LANGUAGES: Record<Language, string> = { en: 'English', ja: '日本語' }

const CATALOGUES: Record<Language, Words> = { en, ja }

let current: Language = 'en'

export function words(): Words {
    return CATALOGUES[current]
}

export function currentLanguage(): Language {
    return current
}

export function setLanguage(language: Language): void {
    current = language
}

/* The first of the wanted languages that there is a catalogue for. */
export function chooseLanguage(wanted: readonly string[]): Language {
    for (const each of wanted) {
        const base = each.split('-')[0]!.toLowerCase()
        if (base in CATALOGUES) return base as Language
    }
    return 'en'
}

/*
 * What formats go by: the browser's own variant of the language where it has one, so that somebody
 * in Britain reads times and dates as there.
 */
export function locale(): string {
    const variant = navigator.languages.find((each) => each.split('-')[0] === current)
    return variant ?? current
}

export function formatNumber(n: number): string {
    return new Intl.NumberFormat(locale()).format(n)
}

export function compare(a: string, b: string): number {
    return collator().compare(a, b)
}

const collators = new Map<string, Intl.Collator>()

/* One for all comparisons: String.localeCompare makes one for each. */
function collator(): Intl.Collator {
    let found = collators.get(current)
    if (!found) {
        found = new Intl.Collator(locale(), { numeric: true, sensitivity: 'base' })
        collators.set(current, found)
    }
    return found
}
