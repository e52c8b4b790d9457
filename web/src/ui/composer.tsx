/*
 * Where one writes. Enter sends, Shift+Enter makes a new line; the field grows with its text, and
 * what is not sent yet is kept as the channel's draft. People, channels and emoji are completed; the
 * field stays a text box for that, since a combobox has one line.
 */

import type { VNode } from 'preact'
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { words } from '../i18n/words'
import { encode } from './completion'
import { Suggestions, useCompletion } from './completion-list'
import { useChat } from './hooks'
import { SendIcon } from './icons'

const TEXT_MAX_BYTES = 16_384

interface Props {
    channel: number
    label: string
}

export function Composer({ channel, label }: Props): VNode {
    const chat = useChat()
    const list_id = useId()
    const field = useRef<HTMLTextAreaElement>(null)
    const [text, setText] = useState(() => chat.drafts.get(channel))
    const [too_long, setTooLong] = useState(0)

    useLayoutEffect(() => grow(field.current!), [text])
    /* Another tab has typed. */
    useLayoutEffect(
        () => chat.drafts.changed.subscribe(() => setText(chat.drafts.get(channel))),
        [channel],
    )
    useLayoutEffect(() => {
        if (matchMedia('(hover: hover)').matches) field.current!.focus({ preventScroll: true })
    }, [])

    const write = (value: string) => {
        setText(value)
        setTooLong(0)
        chat.drafts.set(channel, value)
    }
    const completion = useCompletion(chat, channel, field, text, write)
    const send = () => {
        const plain = text.replace(/\0/g, '').replace(/^\s*\n|\s+$/g, '')
        const clean = encode(plain, chat.drafts.names(channel))
        const over = new TextEncoder().encode(clean).length - TEXT_MAX_BYTES
        if (over > 0) return setTooLong(over)
        if (clean === '') return
        chat.send(channel, clean)
        write('')
        completion.close()
        field.current!.focus()
    }
    const keyDown = (event: KeyboardEvent) => {
        if (event.isComposing) return
        if (completion.keyDown(event)) return event.preventDefault()
        if (event.key !== 'Enter' || event.shiftKey) return
        event.preventDefault()
        send()
    }
    const { suggestions, active } = completion
    const is_open = suggestions.length > 0
    return (
        <div class="composer">
            {too_long > 0 && (
                <p class="error" role="alert">
                    {words().too_long(too_long)}
                </p>
            )}
            <Suggestions id={list_id} completion={completion} />
            <div class="composer-box">
                <textarea
                    ref={field}
                    rows={1}
                    value={text}
                    aria-label={label}
                    aria-autocomplete="list"
                    aria-haspopup="listbox"
                    aria-controls={list_id}
                    aria-activedescendant={is_open ? `${list_id}-${active}` : undefined}
                    placeholder={label}
                    dir="auto"
                    enterkeyhint="send"
                    onInput={(event) => {
                        write(event.currentTarget.value)
                        completion.look()
                    }}
                    onSelect={completion.look}
                    onBlur={completion.close}
                    onKeyDown={keyDown}
                />
                <button
                    class="send"
                    aria-label={words().send}
                    title={words().send_hint}
                    disabled={text.trim() === ''}
                    onClick={send}
                >
                    <SendIcon />
                </button>
            </div>
        </div>
    )
}

/* As high as the text; the style sheet sets the limit. */
function grow(field: HTMLTextAreaElement): void {
    field.style.height = 'auto'
    field.style.height = `${field.scrollHeight}px`
}
