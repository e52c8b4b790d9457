/* Whether somebody is there, as a dot; watches that person while the dot is on the page. */

import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { words } from '../i18n/words'
import { useChat, useSignal } from './hooks'

interface Props {
    user: number
    /* Say it in words, too. */
    spelled?: boolean
}

export function PresenceDot({ user, spelled }: Props): VNode {
    const { presence } = useChat()
    useSignal(presence.changed)
    useEffect(() => presence.watch(user), [user])
    const state = presence.of(user)
    const word = state && words().presence[state]
    const dot = <span class={`presence ${state ?? ''}`} />
    if (spelled)
        return (
            <span class="presence-word">
                {dot}
                {word}
            </span>
        )
    return (
        <>
            {dot}
            <span class="sr-only"> {word}</span>
        </>
    )
}
