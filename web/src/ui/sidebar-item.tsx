/* One of my channels in the sidebar, and what there is to know before opening it. */

import type { VNode } from 'preact'
import { formatNumber, words } from '../i18n/words'
import { unreadOf } from '../store/channels'
import type { Entry } from './channel-order'
import { ChannelSign } from './channel-sign'
import { useChat } from './hooks'
import { MutedIcon, PencilIcon } from './icons'

const UNREAD_MAX = 999

export function SidebarItem({ entry, current }: { entry: Entry; current: boolean }): VNode {
    const chat = useChat()
    const { channel, name } = entry
    const muted = chat.marks.levelOf(channel) === 'none'
    const unread = unreadOf(channel)
    const looks = [unread > 0 && !muted && 'unread', muted && 'muted'].filter(Boolean).join(' ')
    return (
        <li>
            <a
                href={`/c/${channel.id}`}
                class={looks || undefined}
                aria-current={current ? 'page' : undefined}
            >
                <ChannelSign chat={chat} channel={channel} />
                <bdi class="item-name">{name}</bdi>
                {chat.drafts.has(channel.id) && !current && (
                    <Hint label={words().draft} icon={PencilIcon} />
                )}
                {muted && <Hint label={words().muted} icon={MutedIcon} />}
                <Count {...countOf()} />
            </a>
        </li>
    )

    /* What asks for an answer is a badge; the rest is a number at the side. */
    function countOf(): { count: number; loud: boolean; label: string } {
        const mentions = chat.mentions.count(channel.id)
        if (mentions > 0 && channel.kind !== 'direct')
            return { count: mentions, loud: true, label: words().mentions(mentions) }
        const count = muted ? 0 : unread
        return { count, loud: channel.kind === 'direct', label: `${count} ${words().unread}` }
    }
}

function Hint({ label, icon: Icon }: { label: string; icon: () => VNode }): VNode {
    return (
        <span class="item-hint" title={label}>
            <Icon />
            <span class="sr-only"> {label}</span>
        </span>
    )
}

function Count(props: { count: number; loud: boolean; label: string }): VNode | null {
    const { count, loud, label } = props
    if (count === 0) return null
    return (
        <span class={loud ? 'badge loud' : 'badge'}>
            <span aria-hidden="true">
                {count > UNREAD_MAX ? `${UNREAD_MAX}+` : formatNumber(count)}
            </span>
            <span class="sr-only"> {label}</span>
        </span>
    )
}
