/* How this browser shows the page and whether it notifies. The same for everybody who uses it. */

import type { Language } from '../i18n/words'
import { Signal } from './signal'
import type { Storage } from './storage'

export type Theme = 'system' | 'light' | 'dark'

interface Values {
    theme: Theme
    /* null: the browser's own. */
    language: Language | null
    /* Whether to notify on the desktop; null: not asked yet. */
    notifications: boolean | null
}

const DEFAULTS: Values = { theme: 'system', language: null, notifications: null }
const KEY = 'parley.preferences'

export class Preferences {
    readonly changed = new Signal()
    private values: Values = DEFAULTS

    constructor(private readonly storage: Storage) {
        this.reload()
    }

    get<Name extends keyof Values>(name: Name): Values[Name] {
        return this.values[name]
    }

    set<Name extends keyof Values>(name: Name, value: Values[Name]): void {
        this.values = { ...this.values, [name]: value }
        this.storage.set(KEY, JSON.stringify(this.values))
        this.changed.notify()
    }

    /* Another tab may have changed them. */
    reload(): void {
        this.values = { ...DEFAULTS, ...parse(this.storage.get(KEY)) }
        this.changed.notify()
    }
}

function parse(text: string | null): Partial<Values> {
    try {
        return (JSON.parse(text ?? '{}') ?? {}) as Partial<Values>
    } catch {
        return {}
    }
}
