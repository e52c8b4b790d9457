/*
 * Asks once, quietly, whether to notify: after the person has written something here, because by then
 * they know what the page is for.
 */

import type { VNode } from 'preact'
import { words } from '../i18n/words'
import { useSignal } from './hooks'
import { askPermission, permission } from './notifications'
import { preferences } from './preferences'

export function NotificationPrompt({ has_written }: { has_written: boolean }): VNode | null {
    useSignal(preferences.changed)
    if (!has_written || permission() !== 'default' || preferences.get('notifications') !== null)
        return null
    return (
        <div class="prompt" role="region" aria-label={words().notifications}>
            <span>{words().notifications_ask}</span>
            <button class="link" onClick={() => void askPermission()}>
                {words().notifications_on}
            </button>
            <button class="link" onClick={() => preferences.set('notifications', false)}>
                {words().notifications_later}
            </button>
        </div>
    )
}
