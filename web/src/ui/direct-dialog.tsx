/* Pick the people to write to: one, or a group. */

import type { VNode } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { compare, words } from '../i18n/words'
import { messageOf } from '../protocol/errors'
import type { User } from '../protocol/types'
import { Dialog } from './dialog'
import { useChat } from './hooks'
import { CheckIcon, CloseIcon } from './icons'
import { ListBody } from './list-body'
import { matches, usePagedList } from './paged-list'
import { PersonItem } from './person-item'
import { go } from './router'

/* The protocol's limit is nine people, oneself included. */
const OTHERS_MAX = 8

export function DirectDialog({ close }: { close(): void }): VNode {
    const chat = useChat()
    const chips = useRef<HTMLUListElement>(null)
    const [filter, setFilter] = useState('')
    const [chosen, setChosen] = useState<readonly User[]>([])
    const [error, setError] = useState<string | null>(null)
    const list = usePagedList<User>(async (page) => {
        const { users, next } = await chat.call('getUsers', page)
        chat.users.put(users)
        return { items: users, next }
    })
    const found = list.items
        .filter((user) => matches(filter, user.name, user.display_name))
        .sort((a, b) => compare(nameOf(a), nameOf(b)))
    const isChosen = (user: User) => chosen.some((each) => each.id === user.id)
    const full = chosen.length >= OTHERS_MAX
    const toggle = (user: User) => {
        setError(null)
        if (isChosen(user)) return setChosen(chosen.filter((each) => each.id !== user.id))
        if (full) return setError(words().people_max(OTHERS_MAX))
        setChosen([...chosen, user])
        setFilter('')
    }
    const open = async () => {
        try {
            const channel = await chat.openDirect(chosen.map((user) => user.id))
            close()
            go(`/c/${channel.id}`)
        } catch (thrown) {
            setError(messageOf(thrown))
        }
    }
    return (
        <Dialog title={words().new_direct} close={close}>
            {chosen.length > 0 && (
                <ul class="chips" aria-label={words().chosen_people} ref={chips}>
                    {chosen.map((user) => (
                        <li key={user.id} class="chip">
                            <bdi>{nameOf(user)}</bdi>
                            <button
                                class="quiet"
                                aria-label={words().remove_person(nameOf(user))}
                                onClick={() => toggle(user)}
                            >
                                <CloseIcon />
                            </button>
                        </li>
                    ))}
                </ul>
            )}
            <ListBody
                label={words().find_person}
                filter={filter}
                setFilter={setFilter}
                error={error ?? list.error}
                empty={list.done && found.length === 0 ? words().nobody_of_that_name : null}
                items={found}
                render={(user) => (
                    <li key={user.id}>
                        <button
                            class="item"
                            aria-pressed={isChosen(user)}
                            onClick={() => toggle(user)}
                        >
                            <PersonItem user={user} me={chat.me.id} />
                            <span class="item-check">{isChosen(user) && <CheckIcon />}</span>
                        </button>
                    </li>
                )}
            />
            <footer>
                <button
                    class="primary"
                    disabled={chosen.length === 0}
                    onClick={() => void open()}
                >
                    {words().start_conversation}
                </button>
            </footer>
        </Dialog>
    )
}

function nameOf(user: User): string {
    return user.display_name || user.name
}
