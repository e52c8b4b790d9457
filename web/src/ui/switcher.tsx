/* Ctrl+K: type some letters of a channel or a person, and be there. */

import type { VNode } from 'preact'
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { words } from '../i18n/words'
import { messageOf } from '../protocol/errors'
import type { User } from '../protocol/types'
import { unreadOf, type MyChannel } from '../store/channels'
import type { Chat } from '../store/chat'
import { Avatar } from './avatar'
import { othersOf } from './channel-name'
import { SECTIONS, sectionsOf } from './channel-order'
import { ChannelSign } from './channel-sign'
import { Dialog } from './dialog'
import { fit, fold } from './fuzzy'
import { useChat } from './hooks'
import { movedOption, showOption } from './options'
import { go } from './router'

const RESULTS_MAX = 30
const PEOPLE_PAGE = 500

type Target =
    | { kind: 'channel'; id: string; name: string; folded: string; channel: MyChannel }
    | { kind: 'person'; id: string; name: string; folded: string; user: User }

export function Switcher({ close }: { close(): void }): VNode {
    const chat = useChat()
    const list_id = useId()
    const list = useRef<HTMLUListElement>(null)
    const [typed, setTyped] = useState('')
    const [active, setActive] = useState(0)
    const [people, setPeople] = useState<readonly User[]>([])
    const [error, setError] = useState<string | null>(null)
    useEffect(() => {
        chat.call('getUsers', { limit: PEOPLE_PAGE })
            .then(({ users }) => setPeople(users))
            .catch(() => {})
    }, [])
    useLayoutEffect(() => showOption(list.current, active), [active])

    const results = resultsOf(targetsOf(chat, people), fold(typed.trim()))
    const choose = async (target: Target | undefined) => {
        if (!target) return
        try {
            const channel =
                target.kind === 'channel'
                    ? target.channel
                    : await chat.openDirect([target.user.id])
            close()
            go(`/c/${channel.id}`)
        } catch (thrown) {
            setError(messageOf(thrown))
        }
    }
    const keyDown = (event: KeyboardEvent) => {
        if (event.isComposing) return
        const moved = movedOption(event.key, active, results.length)
        if (moved !== null) setActive(moved)
        else if (event.key === 'Enter') void choose(results[active])
        else return
        event.preventDefault()
    }
    const idOf = (index: number) => `${list_id}-${index}`
    return (
        <Dialog title={words().switcher} close={close} class="switcher">
            <input
                class="field"
                role="combobox"
                aria-label={words().switcher}
                aria-expanded={results.length > 0}
                aria-controls={list_id}
                aria-autocomplete="list"
                aria-activedescendant={results.length > 0 ? idOf(active) : undefined}
                placeholder={words().switcher_hint}
                spellcheck={false}
                autocomplete="off"
                autofocus
                value={typed}
                onInput={(event) => {
                    setTyped(event.currentTarget.value)
                    setActive(0)
                }}
                onKeyDown={keyDown}
            />
            {error && (
                <p class="error" role="alert">
                    {error}
                </p>
            )}
            {results.length === 0 && <p class="hint">{words().nothing_found}</p>}
            <ul class="options" id={list_id} role="listbox" aria-label={words().switcher} ref={list}>
                {results.map((target, index) => (
                    <li
                        key={target.id}
                        id={idOf(index)}
                        role="option"
                        aria-selected={index === active}
                        class="option"
                        onMouseMove={() => setActive(index)}
                        onClick={() => void choose(target)}
                    >
                        <Sign chat={chat} target={target} />
                        <bdi class="item-name">{target.name}</bdi>
                        <Aside target={target} />
                    </li>
                ))}
            </ul>
        </Dialog>
    )
}

function Sign({ chat, target }: { chat: Chat; target: Target }): VNode {
    if (target.kind === 'channel') return <ChannelSign chat={chat} channel={target.channel} />
    return <Avatar id={target.user.id} name={target.name} />
}

function Aside({ target }: { target: Target }): VNode | null {
    if (target.kind === 'person') return <small>@{target.user.name}</small>
    const unread = unreadOf(target.channel)
    return unread > 0 ? (
        <small>
            {unread} {words().unread}
        </small>
    ) : null
}

/* My channels, and everybody whom I have no conversation with yet. */
function targetsOf(chat: Chat, people: readonly User[]): Target[] {
    const sections = sectionsOf(chat)
    const channels = SECTIONS.flatMap((name) => sections[name])
    const known = new Set<number>()
    for (const { channel } of channels) {
        const others = channel.kind === 'direct' ? othersOf(chat, channel) : []
        if (channel.kind === 'direct' && others.length <= 1) known.add(others[0] ?? chat.me.id)
    }
    return [
        ...channels.map(
            ({ channel, name, folded }) =>
                ({ kind: 'channel', id: `c${channel.id}`, name, folded, channel }) as const,
        ),
        ...people
            .filter((user) => !known.has(user.id))
            .map((user) => {
                const name = user.display_name || user.name
                const folded = fold(`${name} ${user.name}`)
                return { kind: 'person', id: `u${user.id}`, name, folded, user } as const
            }),
    ]
}

/* The best first; of equals, and of all when nothing is typed, the unread ones. */
function resultsOf(targets: readonly Target[], wanted: string): Target[] {
    const isUnread = (target: Target) =>
        target.kind === 'channel' && unreadOf(target.channel) > 0 ? 1 : 0
    return targets
        .map((target) => ({ target, score: fit(wanted, target.folded) }))
        .filter(({ score }) => score !== null)
        .sort((a, b) => b.score! - a.score! || isUnread(b.target) - isUnread(a.target))
        .slice(0, RESULTS_MAX)
        .map(({ target }) => target)
}
