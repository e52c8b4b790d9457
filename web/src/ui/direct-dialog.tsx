/* Pick the person to write to. */

import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { messageOf } from '../protocol/errors'
import type { User } from '../protocol/types'
import { Dialog } from './dialog'
import { useChat } from './hooks'
import { ListBody } from './list-body'
import { matches, usePagedList } from './paged-list'
import { PersonItem } from './person-item'
import { go } from './router'

export function DirectDialog({ close }: { close(): void }): VNode {
    const chat = useChat()
    const [filter, setFilter] = useState('')
    const [error, setError] = useState<string | null>(null)
    const list = usePagedList<User>(async (page) => {
        const { users, next } = await chat.call('getUsers', page)
        chat.users.put(users)
        return { items: users, next }
    })
    const found = list.items
        .filter((user) => matches(filter, user.name, user.display_name))
        .sort((a, b) => a.display_name.localeCompare(b.display_name))
    const open = async (user: User) => {
        try {
            const channel = await chat.openDirect(user.id)
            close()
            go(`/c/${channel.id}`)
        } catch (thrown) {
            setError(messageOf(thrown))
        }
    }
    return (
        <Dialog title="New direct message" close={close}>
            <ListBody
                label="Find a person"
                filter={filter}
                setFilter={setFilter}
                error={error ?? list.error}
                empty={list.done && found.length === 0 ? 'There is nobody of that name.' : null}
            >
                {found.map((user) => (
                    <li key={user.id}>
                        <button class="item" onClick={() => void open(user)}>
                            <PersonItem user={user} me={chat.me.id} />
                        </button>
                    </li>
                ))}
            </ListBody>
        </Dialog>
    )
}
