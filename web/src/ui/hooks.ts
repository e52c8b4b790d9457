/* How components follow what is not theirs. */

import { createContext } from 'preact'
import { useContext, useEffect, useLayoutEffect, useReducer, useState } from 'preact/hooks'
import type { Chat } from '../store/chat'
import type { Signal } from '../store/signal'

export const ChatContext = createContext<Chat | null>(null)

export function useChat(): Chat {
    const chat = useContext(ChatContext)
    if (!chat) throw new Error('no chat around this component')
    return chat
}

/* Render again whenever the signal says so. */
export function useSignal(signal: Signal): void {
    const [, again] = useReducer((count: number) => count + 1, 0)
    useLayoutEffect(() => signal.subscribe(() => again(undefined as never)), [signal])
}

/* Render again at an interval, while `on`. */
export function useTick(on: boolean, interval_ms: number): void {
    const [, again] = useReducer((count: number) => count + 1, 0)
    useEffect(() => {
        if (!on) return
        const id = setInterval(() => again(undefined as never), interval_ms)
        return () => clearInterval(id)
    }, [on, interval_ms])
}

/* Whether a media query holds. */
export function useMedia(query: string): boolean {
    const [holds, setHolds] = useState(() => matchMedia(query).matches)
    useEffect(() => {
        const list = matchMedia(query)
        const changed = () => setHolds(list.matches)
        list.addEventListener('change', changed)
        return () => list.removeEventListener('change', changed)
    }, [query])
    return holds
}
