/* Who is here? Shows the workspace to somebody with a session, and the doors to everybody else. */

import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { words } from '../i18n/words'
import { backoffMs } from '../protocol/backoff'
import { messageOf, RequestError } from '../protocol/errors'
import * as http from '../protocol/http'
import type { User } from '../protocol/types'
import { AuthPage } from './auth'
import { ChatContext, useSignal } from './hooks'
import { preferences } from './preferences'
import { currentRoute, replace, routeChanged } from './router'
import { startSession, type Session } from './session'
import { Workspace } from './workspace'

export function App(): VNode | null {
    useSignal(routeChanged)
    useSignal(preferences.changed)
    const route = currentRoute()
    const [known, setKnown] = useState(false)
    const [session, setSession] = useState<Session | null>(null)
    const [notice, setNotice] = useState<string | null>(null)

    const enter = (user: User) => {
        const started = startSession(user, () => leave(words().session_ended))
        const leave = (why: string | null) => {
            started.end()
            setSession(null)
            setNotice(why)
        }
        setNotice(null)
        setKnown(true)
        setSession(started)
        const { page } = currentRoute()
        if (page === 'login' || page === 'signup') replace('/')
    }
    const logOut = async (leaving: Session) => {
        if (!mayLeave(leaving)) return
        try {
            await http.logOut()
        } catch (thrown) {
            if (!(thrown instanceof RequestError) || thrown.code !== 'unauthenticated')
                return alert(words().still_logged_in(messageOf(thrown)))
        }
        await leaving.leave()
        setSession(null)
        replace('/login')
    }

    useEffect(() => {
        void whoAmI().then((user) => (user ? enter(user) : setKnown(true)))
    }, [])
    useEffect(() => {
        if (!session) document.title = 'Parley'
    }, [session])

    if (!known) return null
    if (!session) {
        const page = route.page === 'signup' ? 'signup' : 'login'
        return <AuthPage key={page} page={page} notice={notice} entered={enter} />
    }
    return (
        <ChatContext.Provider value={session.chat}>
            <Workspace
                route={route}
                last_channel={session.last_channel}
                logOut={() => void logOut(session)}
            />
        </ChatContext.Provider>
    )
}

/* Whoever the session cookie belongs to; asks until the server answers. */
async function whoAmI(): Promise<User | null> {
    for (let tries = 0; ; tries++) {
        try {
            return await http.getMe()
        } catch (thrown) {
            if (!(thrown instanceof RequestError)) throw thrown
            if (!thrown.retryable) return null
            await new Promise((resolve) => setTimeout(resolve, backoffMs(tries)))
        }
    }
}

/* Logging out forgets what was not sent. */
function mayLeave({ chat }: Session): boolean {
    const count = chat.outbox.all().length
    if (count === 0) return true
    return confirm(words().leave_unsent(count))
}
