/* Make a channel. */

import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
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
        <Dialog title="Create a channel" close={close}>
            <form onSubmit={(event) => void create(event)}>
                <Field
                    label="Name"
                    hint="Letters, digits, - and _"
                    value={name}
                    maxLength={80}
                    autofocus
                    set={(value) => setName(channelNameFrom(value))}
                />
                <Field label="Topic (optional)" value={topic} maxLength={250} set={setTopic} />
                {error && (
                    <p class="error" role="alert">
                        {error}
                    </p>
                )}
                <footer>
                    <button type="button" class="plain" onClick={close}>
                        Cancel
                    </button>
                    <button class="primary" disabled={busy || name === ''}>
                        Create
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
