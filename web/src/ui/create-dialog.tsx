/* Make a channel. */

import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { words } from '../i18n/words'
import { messageOf } from '../protocol/errors'
import { Dialog } from './dialog'
import { Field } from './field'
import { useChat } from './hooks'
import { go } from './router'

export function CreateDialog({ close }: { close(): void }): VNode {
    const chat = useChat()
    const [name, setName] = useState('')
    const [topic, setTopic] = useState('')
    const [error, setError] = useState<string | null>(null)
    const [busy, setBusy] = useState(false)
    const create = async (event: Event) => {
        event.preventDefault()
        setBusy(true)
        try {
            const channel = await chat.createChannel(name, topic)
            close()
            go(`/c/${channel.id}`)
        } catch (thrown) {
            setError(messageOf(thrown))
            setBusy(false)
        }
    }
    return (
        <Dialog title={words().create_channel} close={close}>
            <form onSubmit={(event) => void create(event)}>
                <Field
                    label={words().name}
                    hint={words().channel_name_hint}
                    value={name}
                    maxLength={80}
                    autofocus
                    set={(value) => setName(channelNameFrom(value))}
                />
                <Field label={words().topic} value={topic} maxLength={250} set={setTopic} />
                {error && (
                    <p class="error" role="alert">
                        {error}
                    </p>
                )}
                <footer>
                    <button type="button" class="plain" onClick={close}>
                        {words().cancel}
                    </button>
                    <button class="primary" disabled={busy || name === ''}>
                        {words().create}
                    </button>
                </footer>
            </form>
        </Dialog>
    )
}

/* What the server would take: people type spaces and capitals all the same. */
function channelNameFrom(typed: string): string {
    return typed
        .replace(/^#/, '')
        .replace(/\s/g, '-')
        .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
