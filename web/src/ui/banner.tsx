/*
 * Says that there is no connection, once that has lasted for two seconds; shorter losses heal without
 * a word. Lies over the messages, so that it moves nothing.
 */

import type { VNode } from 'preact'
import { words } from '../i18n/words'
import { useChat, useSignal, useTick } from './hooks'

const QUIET_MS = 2000

export function Banner(): VNode {
    const chat = useChat()
    useSignal(chat.connectionChanged)
    const state = chat.connection.state
    const lost = state.phase === 'connecting' || state.phase === 'waiting'
    useTick(lost, 250)
    const now = Date.now()
    const shown = lost && now - state.lost_ms >= QUIET_MS
    const wait_s = state.phase === 'waiting' ? Math.ceil((state.retry_at_ms - now) / 1000) : 0
    return (
        <div class={shown ? 'banner shown' : 'banner'}>
            <span role="status">{shown && words().no_connection}</span>
            {shown && (
                <>
                    <span>{wait_s > 0 ? words().trying_again_in(wait_s) : words().connecting}</span>
                    <button
                        class="link"
                        disabled={state.phase !== 'waiting'}
                        onClick={() => chat.connection.retryNow()}
                    >
                        {words().retry_now}
                    </button>
                </>
            )}
        </div>
    )
}
