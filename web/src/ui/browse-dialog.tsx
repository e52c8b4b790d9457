/* All public channels: open the ones that are mine, join the others. */

import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { compare, words } from '../i18n/words'
import { messageOf } from '../protocol/errors'
import type { Channel } from '../protocol/types'
import { Dialog } from './dialog'
import { useChat } from './hooks'
import { ListBody } from './list-body'
import { matches, usePagedList } from './paged-list'
import { go } from './router'

export function BrowseDialog({ close }: { close(): void }): VNode {
    const chat = useChat()
    const [filter, setFilter] = useState('')
    const [error, setError] = useState<string | null>(null)
    const list = usePagedList<Channel>(async (page) => {
        const { channels, next } = await chat.call('listChannels', page)
        return { items: channels, next }
    })
    const found = list.items
        .filter((channel) => matches(filter, channel.name, channel.topic))
        .sort((a, b) => compare(a.name, b.name))
    const open = async (channel: Channel) => {
        try {
            if (!chat.channels.get(channel.id)) await chat.joinChannel(channel.id)
            close()
            go(`/c/${channel.id}`)
        } catch (thrown) {
            setError(messageOf(thrown))
        }
    }
    return (
        <Dialog title={words().channels} close={close}>
            <ListBody
                label={words().find_channel}
                filter={filter}
                setFilter={setFilter}
                error={error ?? list.error}
                empty={list.done && found.length === 0 ? words().no_such_channel : null}
                items={found}
                render={(channel) => (
                    <li key={channel.id}>
                        <button class="item" onClick={() => void open(channel)}>
                            <span class="item-text">
                                <b dir="auto"># {channel.name}</b>
                                <small dir="auto">{describe(channel)}</small>
                            </span>
                            <span class="item-action">
                                {chat.channels.get(channel.id) ? words().open : words().join}
                            </span>
                        </button>
                    </li>
                )}
            />
        </Dialog>
    )
}

function describe(channel: Channel): string {
    const members = words().members(channel.members)
    return channel.topic ? `${members} · ${channel.topic}` : members
}
