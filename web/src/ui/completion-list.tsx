/*
 * The suggestions above the composer, after the combobox pattern: the focus stays in the field, up
 * and down choose, Tab or Enter puts the suggestion in, Escape leaves the word as it is.
 */

import type { RefObject, VNode } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { words } from '../i18n/words'
import type { User } from '../protocol/types'
import type { Chat } from '../store/chat'
import { Avatar } from './avatar'
import { complete, fragmentAt, suggest, type Fragment, type Suggestion } from './completion'
import { movedOption, showOption } from './options'

const MEMBERS_MAX = 500

export interface Completion {
    suggestions: readonly Suggestion[]
    active: number
    /* The text or the caret may have changed. */
    look(): void
    close(): void
    choose(suggestion: Suggestion): void
    /* True when the key was for the list. */
    keyDown(event: KeyboardEvent): boolean
}

export function useCompletion(
    chat: Chat,
    channel: number,
    field: RefObject<HTMLTextAreaElement>,
    text: string,
    write: (text: string) => void,
): Completion {
    const [fragment, setFragment] = useState<Fragment | null>(null)
    const [active, setActive] = useState(0)
    const caret = useRef<number | null>(null)
    const members = useMembers(chat, channel, fragment?.sign === '@')
    const suggestions = fragment ? suggest(fragment, members, channelsOf(chat)) : []

    useLayoutEffect(() => {
        if (caret.current !== null) field.current?.setSelectionRange(caret.current, caret.current)
        caret.current = null
    }, [text])

    const close = () => setFragment(null)
    const look = () => {
        const at = field.current
        const found =
            at && at.selectionStart === at.selectionEnd
                ? fragmentAt(at.value, at.selectionStart)
                : null
        if (found?.typed !== fragment?.typed || found?.from !== fragment?.from) setActive(0)
        setFragment(found)
    }
    const choose = (suggestion: Suggestion) => {
        if (!fragment) return
        const done = complete(text, fragment, suggestion)
        caret.current = done.caret
        write(done.text)
        if (suggestion.code) {
            const chosen = chat.drafts.names(channel).set(suggestion.text, suggestion.code)
            chat.drafts.setNames(channel, chosen)
        }
        close()
    }
    const keyDown = (event: KeyboardEvent): boolean => {
        if (suggestions.length === 0) return false
        const moved = movedOption(event.key, active, suggestions.length)
        if (moved !== null && !event.altKey) setActive(moved)
        else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey)
            choose(suggestions[active]!)
        else if (event.key === 'Escape') close()
        else return false
        return true
    }
    return { suggestions, active, look, close, choose, keyDown }
}

/* The people of the channel, asked for when the first @ is typed. */
function useMembers(chat: Chat, channel: number, wanted: boolean) {
    const [members, setMembers] = useState<readonly User[] | null>(null)
    useEffect(() => {
        if (!wanted || members) return
        chat.call('getMembers', { channel, limit: MEMBERS_MAX })
            .then(({ users }) => {
                chat.users.put(users)
                setMembers(users)
            })
            .catch(() => {})
    }, [wanted])
    return (members ?? []).map(({ id, name, display_name }) => ({
        id,
        name: display_name || name,
        hint: `@${name}`,
    }))
}

function channelsOf(chat: Chat) {
    return chat.channels
        .all()
        .filter((channel) => channel.kind === 'public')
        .map(({ id, name, topic }) => ({ id, name, hint: topic }))
}

export function Suggestions({ id, completion }: { id: string; completion: Completion }): VNode {
    const { suggestions, active, choose } = completion
    const list = useRef<HTMLUListElement>(null)
    useLayoutEffect(() => showOption(list.current, active), [active])
    return (
        <div class="completion" hidden={suggestions.length === 0}>
            <ul class="options" id={id} role="listbox" aria-label={words().suggestions} ref={list}>
                {suggestions.map((each, index) => (
                    <li
                        key={each.id}
                        id={`${id}-${index}`}
                        role="option"
                        aria-selected={index === active}
                        class="option"
                        /* The field keeps the focus. */
                        onMouseDown={(event) => event.preventDefault()}
                        onClick={() => choose(each)}
                    >
                        {each.user !== undefined && <Avatar id={each.user} name={each.label} />}
                        <bdi>{each.label}</bdi>
                        <small>{each.hint}</small>
                    </li>
                ))}
            </ul>
        </div>
    )
}
