/* Reads new messages of the open channel to those who listen to the page. */

import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { plainText } from '../markdown/plain'
import { useChat } from './hooks'
import { namesOf } from './names'

const SPOKEN_MAX = 300

export function Announcer({ channel }: { channel: number | null }): VNode {
    const chat = useChat()
    const [spoken, setSpoken] = useState('')
    useEffect(() => {
        chat.onMessage = (message) => {
            if (message.channel !== channel) return
            const names = namesOf(chat)
            const text = plainText(message.text, SPOKEN_MAX, names)
            setSpoken(`${names.user(message.from)}: ${text}`)
        }
        return () => {
            chat.onMessage = () => {}
        }
    }, [channel])
    return (
        <div class="sr-only" aria-live="polite">
            {spoken}
        </div>
    )
}
