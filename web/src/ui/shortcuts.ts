/*
 * The keyboard's map: what the keys do on the whole page. The dialog that explains them reads the
 * same table.
 */

import type { Words } from '../i18n/words'

export type Command =
    | 'switcher'
    | 'shortcuts'
    | 'channel_before'
    | 'channel_after'
    | 'unread_before'
    | 'unread_after'
    | 'region_after'
    | 'region_before'
    | 'mark_read'

export type KeyName = keyof Words['key']

interface Help {
    keys: readonly string[]
    what: KeyName
}

/* What the dialog shows. `Mod` is Ctrl, or the command key on a Mac. */
export const HELP: readonly (readonly ['group_go' | 'group_read' | 'group_write', Help[]])[] = [
    [
        'group_go',
        [
            { keys: ['Mod', 'K'], what: 'switcher' },
            { keys: ['Alt', '↑ ↓'], what: 'channel' },
            { keys: ['Alt', 'Shift', '↑ ↓'], what: 'unread' },
            { keys: ['F6'], what: 'region' },
            { keys: ['Mod', '/'], what: 'shortcuts' },
        ],
    ],
    [
        'group_read',
        [
            { keys: ['↑ ↓'], what: 'arrows' },
            { keys: ['Home', 'End'], what: 'ends' },
            { keys: ['Esc'], what: 'mark_read' },
        ],
    ],
    [
        'group_write',
        [
            { keys: ['Enter'], what: 'send' },
            { keys: ['Shift', 'Enter'], what: 'line' },
            { keys: ['@ # :'], what: 'complete' },
            { keys: ['Tab'], what: 'choose' },
        ],
    ],
]

export const is_mac = /Mac|iPhone|iPad/.test(navigator.platform)

/* What a key means here, if anything. */
export function commandOf(event: KeyboardEvent): Command | null {
    const { key, altKey, shiftKey } = event
    const mod = is_mac ? event.metaKey : event.ctrlKey
    if (event.isComposing) return null
    if (mod && !altKey && !shiftKey && key.toLowerCase() === 'k') return 'switcher'
    if (mod && !altKey && key === '/') return 'shortcuts'
    if (mod) return null
    if (altKey && key === 'ArrowUp') return shiftKey ? 'unread_before' : 'channel_before'
    if (altKey && key === 'ArrowDown') return shiftKey ? 'unread_after' : 'channel_after'
    if (key === 'F6') return shiftKey ? 'region_before' : 'region_after'
    if (key === 'Escape' && !shiftKey && !altKey) return 'mark_read'
    return null
}
