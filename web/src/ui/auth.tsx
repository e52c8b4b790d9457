/* Log in, or sign up. */

import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { words } from '../i18n/words'
import { messageOf } from '../protocol/errors'
import { logIn, signUp } from '../protocol/http'
import type { User } from '../protocol/types'
import { Field } from './field'
import { Logo } from './icons'

interface Props {
    page: 'login' | 'signup'
    /* Why this page is shown, if the person did not ask for it. */
    notice: string | null
    entered(user: User): void
}

/* Given a key of the page's name, so that each begins empty. */
export function AuthPage({ page, notice, entered }: Props): VNode {
    const is_new = page === 'signup'
    const [name, setName] = useState('')
    const [display_name, setDisplayName] = useState('')
    const [password, setPassword] = useState('')
    const [error, setError] = useState<string | null>(null)
    const [busy, setBusy] = useState(false)
    const submit = async (event: Event) => {
        event.preventDefault()
        setBusy(true)
        setError(null)
        try {
            const shown_as = display_name.trim()
            entered(
                is_new
                    ? await signUp({ name, password, ...(shown_as && { display_name: shown_as }) })
                    : await logIn({ name, password }),
            )
        } catch (thrown) {
            setError(messageOf(thrown))
            setBusy(false)
        }
    }
    return (
        <main class="auth">
            <form onSubmit={(event) => void submit(event)}>
                <Logo />
                <h1>{is_new ? words().sign_up_title : words().log_in_title}</h1>
                {notice && <p class="notice">{notice}</p>}
                <Field
                    label={words().name}
                    hint={is_new ? words().name_hint : undefined}
                    value={name}
                    set={setName}
                    maxLength={32}
                    autocomplete="username"
                    autocapitalize="none"
                    spellcheck={false}
                    required
                    autofocus
                />
                {is_new && (
                    <Field
                        label={words().display_name}
                        value={display_name}
                        set={setDisplayName}
                        maxLength={80}
                        autocomplete="name"
                    />
                )}
                <Field
                    label={words().password}
                    hint={is_new ? words().password_hint : undefined}
                    type="password"
                    value={password}
                    set={setPassword}
                    minLength={is_new ? 8 : undefined}
                    maxLength={256}
                    autocomplete={is_new ? 'new-password' : 'current-password'}
                    required
                />
                {error && (
                    <p class="error" role="alert">
                        {error}
                    </p>
                )}
                <button class="primary" disabled={busy}>
                    {is_new ? words().sign_up : words().log_in}
                </button>
                <p class="hint">
                    {is_new ? words().have_account : words().new_here}{' '}
                    <a href={is_new ? '/login' : '/signup'}>
                        {is_new ? words().log_in : words().sign_up}
                    </a>
                </p>
            </form>
        </main>
    )
}
