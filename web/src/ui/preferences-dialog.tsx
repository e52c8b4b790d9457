/* How the page looks, what language it speaks, and whether it notifies. Takes effect at once. */

import type { VNode } from 'preact'
import { LANGUAGES, words, type Language } from '../i18n/words'
import type { Theme } from '../store/preferences'
import { Choice } from './choice'
import { Dialog } from './dialog'
import { useSignal } from './hooks'
import { askPermission, permission } from './notifications'
import { preferences } from './preferences'

const THEMES: readonly Theme[] = ['system', 'light', 'dark']

export function PreferencesDialog({ close }: { close(): void }): VNode {
    useSignal(preferences.changed)
    const languages = Object.entries(LANGUAGES) as [Language, string][]
    return (
        <Dialog title={words().preferences} close={close}>
            <Choice
                label={words().theme}
                options={THEMES.map((theme) => [theme, words().themes[theme]])}
                value={preferences.get('theme')}
                set={(theme) => preferences.set('theme', theme)}
            />
            <Choice<Language | 'system'>
                label={words().language}
                options={[['system', words().language_system], ...languages]}
                value={preferences.get('language') ?? 'system'}
                set={(language) =>
                    preferences.set('language', language === 'system' ? null : language)
                }
            />
            <Notifications />
        </Dialog>
    )
}

function Notifications(): VNode {
    const state = permission()
    const usable = state === 'default' || state === 'granted'
    const on = state === 'granted' && preferences.get('notifications') === true
    return (
        <fieldset class="choice">
            <legend>{words().notifications}</legend>
            <label class="check">
                <input
                    type="checkbox"
                    disabled={!usable}
                    checked={on}
                    onChange={(event) => {
                        if (event.currentTarget.checked) void askPermission()
                        else preferences.set('notifications', false)
                    }}
                />
                <span>{words().notifications_on}</span>
            </label>
            {state === 'denied' && <p class="hint">{words().notifications_denied}</p>}
            {state === 'unsupported' && <p class="hint">{words().notifications_unsupported}</p>}
        </fieldset>
    )
}
