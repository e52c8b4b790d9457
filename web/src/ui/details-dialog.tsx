/* About a channel: topic, members, and the way out. */

import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { messageOf } from '../protocol/errors'
import type { User } from '../protocol/types'
import type { MyChannel } from '../store/channels'
import { channelTitle } from './channel-name'
import { Dialog } from './dialog'
import { useChat } from './hooks'
import { ListBody } from './list-body'
import { matches, usePagedList } from './paged-list'
import { PersonItem } from './person-item'
import { replace } from './router'

export function DetailsDialog({ channel, close }: { channel: MyChannel; close(): void }): VNode {
    const chat = useChat()
    const [filter, setFilter] = useState('')
    const [error, setError] = useState<string | null>(null)
    const list = usePagedList<User>(async (page) => {
        const { users, next } = await chat.call('getMembers', { channel: channel.id, ...page })
        chat.users.put(users)
        return { items: users, next }
    })
    const found = list.items.filter((user) => matches(filter, user.name, user.display_name))
    const leave = async () => {
        try {
            await chat.leaveChannel(channel.id)
            replace('/')
        } catch (thrown) {
            setError(messageOf(thrown))
        }
    }
    return (
        <Dialog title={channelTitle(chat, channel)} close={close}>
            {channel.topic && (
                <p class="about" dir="auto">
                    {channel.topic}
                </p>
            )}
            <ListBody
                label={`Find among ${channel.members} members`}
                filter={filter}
                setFilter={setFilter}
                error={error ?? list.error}
                empty={list.done && found.length === 0 ? 'There is nobody of that name.' : null}
            >
                {found.map((user) => (
                    <li key={user.id} class="item">
                        <PersonItem user={user} me={chat.me.id} />
                    </li>
                ))}
            </ListBody>
            {channel.kind !== 'direct' && (
                <footer>
                    <button class="danger" onClick={() => void leave()}>
                        Leave channel
                    </button>
                </footer>
            )}
        </Dialog>
    )
}
