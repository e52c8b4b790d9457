/* One of a few, as radio buttons in a row. */

import type { VNode } from 'preact'
import { useId } from 'preact/hooks'

interface Props<Value extends string> {
    label: string
    options: readonly (readonly [Value, string])[]
    value: Value
    set(value: Value): void
}

export function Choice<Value extends string>({ label, options, value, set }: Props<Value>): VNode {
    const name = useId()
    return (
        <fieldset class="choice">
            <legend>{label}</legend>
            <div class="choice-options">
                {options.map(([each, text]) => (
                    <label key={each}>
                        <input
                            type="radio"
                            name={name}
                            checked={each === value}
                            onChange={() => set(each)}
                        />
                        <span>{text}</span>
                    </label>
                ))}
            </div>
        </fieldset>
    )
}
