/* A labelled line of a form. */

import type { JSX, VNode } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'

interface Props extends Omit<
    JSX.InputHTMLAttributes<HTMLInputElement>,
    'label' | 'value' | 'onInput'
> {
    label: string
    hint?: string
    value: string
    set(value: string): void
}

export function Field({ label, hint, value, set, ...rest }: Props): VNode {
    const id = useId()
    const input = useRef<HTMLInputElement>(null)
    /* Browsers heed the attribute only once per document. */
    useEffect(() => {
        if (rest.autofocus) input.current!.focus()
    }, [])
    return (
        <div class="form-line">
            <label for={id}>{label}</label>
            <input
                {...rest}
                ref={input}
                id={id}
                class="field"
                value={value}
                aria-describedby={hint ? `${id}-hint` : undefined}
                onInput={(event) => set(event.currentTarget.value)}
            />
            {hint && (
                <small id={`${id}-hint`} class="hint">
                    {hint}
                </small>
            )}
        </div>
    )
}
