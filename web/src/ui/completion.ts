/*
 * What can complete the word at the caret: @people, #channels, :emoji:. Plain functions of text; the
 * composer shows the suggestions and puts the chosen one in.
 *
 * While one writes, people and channels stand in the text by their names; `encode` turns the names
 * that were chosen into the protocol's <@7> and <#5> when the message is sent.
 */

import { fit, fold } from './fuzzy'
import { EMOJI } from './emoji'

export type Sign = '@' | '#' | ':'

/* The unfinished word: text.slice(from, to) is its sign and what was typed of the name. */
export interface Fragment {
    sign: Sign
    typed: string
    from: number
    to: number
}

export interface Suggestion {
    /* Unique among the suggestions. */
    id: string
    label: string
    hint: string
    /* What is put into the text. */
    text: string
    /* What the text stands for in the protocol; null for emoji, which stand for themselves. */
    code: string | null
    user?: number
}

export interface Named {
    id: number
    name: string
    hint: string
}

const SUGGESTIONS_MAX = 8
const FRAGMENT_MAX = 40

/* The unfinished word before the caret. A sign inside a word is none: a@b, 10:30. */
export function fragmentAt(text: string, caret: number): Fragment | null {
    const before = text.slice(Math.max(0, caret - FRAGMENT_MAX), caret)
    const match = /(?:^|[\s([{"'、。])([@#]|:(?=[\w+-]{2}))([^\s@#:]*)$/u.exec(before)
    if (!match) return null
    const [, sign, typed] = match
    return { sign: sign as Sign, typed: typed!, from: caret - typed!.length - 1, to: caret }
}

export function suggest(
    fragment: Fragment,
    people: readonly Named[],
    channels: readonly Named[],
): Suggestion[] {
    const wanted = fold(fragment.typed)
    if (fragment.sign === ':')
        return ranked(wanted, EMOJI, ({ name }) => name).map(({ name, char }) => ({
            id: name,
            label: char,
            hint: `:${name}:`,
            text: char,
            code: null,
        }))
    const is_person = fragment.sign === '@'
    const named = is_person ? people : channels
    return ranked(wanted, named, ({ name, hint }) => `${name} ${hint}`).map((each) => ({
        id: String(each.id),
        label: is_person ? each.name : `#${each.name}`,
        hint: each.hint,
        text: fragment.sign + each.name,
        code: is_person ? `<@${each.id}>` : `<#${each.id}>`,
        ...(is_person ? { user: each.id } : {}),
    }))
}

function ranked<Item>(wanted: string, items: readonly Item[], textOf: (item: Item) => string): Item[] {
    return items
        .map((item) => ({ item, score: fit(wanted, fold(textOf(item))) }))
        .filter(({ score }) => score !== null)
        .sort((a, b) => b.score! - a.score!)
        .slice(0, SUGGESTIONS_MAX)
        .map(({ item }) => item)
}

/* The text with the suggestion in place of the fragment, and where the caret is then. */
export function complete(
    text: string,
    fragment: Fragment,
    suggestion: Suggestion,
): { text: string; caret: number } {
    const rest = text.slice(fragment.to)
    const space = /^\s/.test(rest) ? '' : ' '
    const head = text.slice(0, fragment.from) + suggestion.text + space
    return { text: head + rest, caret: head.length + (space === '' ? 1 : 0) }
}

/*
 * The text as it is sent. `chosen` maps what stands in the text to its code. What only begins like a
 * chosen name is left alone, and so is what stands in code.
 */
export function encode(text: string, chosen: ReadonlyMap<string, string>): string {
    if (chosen.size === 0) return text
    const names = [...chosen.keys()].sort((a, b) => b.length - a.length)
    const pattern = new RegExp(
        `(\`\`\`[\\s\\S]*?\`\`\`|\`[^\`\\n]*\`)|(${names.map(escape).join('|')})(?![\\p{L}\\p{N}_])`,
        'gu',
    )
    return text.replace(pattern, (all, code: string | undefined) =>
        code === undefined ? chosen.get(all)! : all,
    )
}

function escape(text: string): string {
    return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}
