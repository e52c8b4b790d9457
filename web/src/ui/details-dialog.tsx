/* About a channel: topic, members, and the way out. */

import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { words } from '../i18n/words'
import { messageOf } from '../protocol/errors'
import type { User } from '../protocol/types'
import type { MyChannel } from '../store/channels'
import type { Level } from '../store/marks'
import { channelTitle } from './channel-name'
import { Dialog } from './dialog'
import { useChat, useSignal } from './hooks'
import { StarIcon } from './icons'
import { ListBody } from './list-body'
import { matches, usePagedList } from './paged-list'
import { PersonItem } from './person-item'
import { replace } from './router'

export function DetailsDialog({ channel, close }: { channel: MyChannel; close(): void }): VNode {
    const chat = useChat()
    useSignal(chat.marks.changed)
    const starred = chat.marks.isStarred(channel.id)
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
            <div class="details-marks">
                <button
                    class="plain"
                    aria-pressed={starred}
                    onClick={() => chat.marks.star(channel.id, !starred)}
                >
                    <StarIcon />
                    {starred ? words().unstar : words().star}
                </button>
                <label class="select">
                    {words().notify_about}
                    <select
                        value={chat.marks.levelOf(channel)}
                        onChange={(event) =>
                            chat.marks.setLevel(channel.id, event.currentTarget.value as Level)
                        }
                    >
                        <option value="all">{words().level_all}</option>
                        <option value="mentions">{words().level_mentions}</option>
                        <option value="none">{words().level_none}</option>
                    </select>
                </label>
            </div>
            {channel.topic && (
                <p class="about" dir="auto">
                    {channel.topic}
                </p>
            )}
            <ListBody
                label={words().find_member(channel.members)}
                filter={filter}
                setFilter={setFilter}
                error={error ?? list.error}
                empty={list.done && found.length === 0 ? words().nobody_of_that_name : null}
                items={found}
                render={(user) => (
                    <li key={user.id} class="item">
                        <PersonItem user={user} me={chat.me.id} />
                    </li>
                )}
            />
            {channel.kind !== 'direct' && (
                <footer>
                    <button class="danger" onClick={() => void leave()}>
                        {words().leave_channel}
                    </button>
                </footer>
            )}
        </Dialog>
    )
}
