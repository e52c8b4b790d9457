/* My channels and direct messages, what is unread in them, and the way to more. */

import type { ComponentType, RefObject, VNode } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { words } from '../i18n/words'
import { Avatar } from './avatar'
import { BrowseDialog } from './browse-dialog'
import { SECTIONS, sectionsOf, type Entry, type SectionName } from './channel-order'
import { CreateDialog } from './create-dialog'
import { DirectDialog } from './direct-dialog'
import { fold } from './fuzzy'
import { useChat, useMedia, useSignal } from './hooks'
import { BrowseIcon, ExitIcon, GearIcon, Logo, PlusIcon } from './icons'
import { PreferencesDialog } from './preferences-dialog'
import { PresenceDot } from './presence-dot'
import { SidebarItem } from './sidebar-item'
import { WindowedList } from './windowed-list'

type DialogName = 'create' | 'browse' | 'direct' | 'preferences'

const DIALOGS: Record<DialogName, ComponentType<{ close(): void }>> = {
    create: CreateDialog,
    browse: BrowseDialog,
    direct: DirectDialog,
    preferences: PreferencesDialog,
}

/* As in the style sheet. */
const ROW_PX = 32
const ROW_NARROW_PX = 40

interface Props {
    current: number | null
    logOut(): void
}

export function Sidebar({ current, logOut }: Props): VNode {
    const chat = useChat()
    const { channels, users, marks, drafts, mentions } = chat
    for (const { changed } of [channels, users, marks, drafts, mentions]) useSignal(changed)
    useSignal(chat.connectionChanged)
    const scroller = useRef<HTMLDivElement>(null)
    const [filter, setFilter] = useState('')
    const [dialog, setDialog] = useState<DialogName | null>(null)
    const OpenDialog = dialog && DIALOGS[dialog]
    const sections = sectionsOf(chat)
    const wanted = fold(filter.trim())
    const found = (name: SectionName) =>
        wanted === ''
            ? sections[name]
            : sections[name].filter((entry) => entry.folded.includes(wanted))
    const shown = SECTIONS.map((name) => ({ name, entries: found(name) }))
    const nothing = wanted !== '' && shown.every(({ entries }) => entries.length === 0)
    return (
        <>
            <nav class="sidebar" aria-label={words().sidebar} onKeyDown={walk}>
                <header>
                    <Logo />
                    <b>Parley</b>
                    <Tool
                        label={words().preferences}
                        icon={GearIcon}
                        onClick={() => setDialog('preferences')}
                    />
                </header>
                <input
                    class="field sidebar-filter"
                    type="search"
                    aria-label={words().find_conversation}
                    placeholder={words().find_conversation}
                    value={filter}
                    onInput={(event) => setFilter(event.currentTarget.value)}
                    onKeyDown={(event) => {
                        if (event.key !== 'Escape' || filter === '') return
                        event.preventDefault()
                        setFilter('')
                    }}
                />
                <div class="sidebar-lists" ref={scroller}>
                    {nothing && <p class="hint">{words().nothing_found}</p>}
                    {shown.map(({ name, entries }) => (
                        <Section
                            key={name}
                            name={name}
                            entries={entries}
                            hidden={entries.length === 0 && (wanted !== '' || name === 'starred')}
                            current={current}
                            scroller={scroller}
                            open={setDialog}
                        />
                    ))}
                </div>
                <footer>
                    <span class="with-presence">
                        <Avatar id={chat.me.id} name={users.nameOf(chat.me.id)} />
                        <PresenceDot user={chat.me.id} />
                    </span>
                    <bdi class="me">{users.nameOf(chat.me.id)}</bdi>
                    <Tool label={words().log_out} icon={ExitIcon} onClick={logOut} />
                </footer>
            </nav>
            {OpenDialog && <OpenDialog close={() => setDialog(null)} />}
        </>
    )
}

interface SectionProps {
    name: SectionName
    entries: readonly Entry[]
    hidden: boolean
    current: number | null
    scroller: RefObject<HTMLElement>
    open(dialog: DialogName): void
}

function Section(props: SectionProps): VNode | null {
    const { name, entries, hidden, current, scroller, open } = props
    const row_px = useMedia('(max-width: 720px)') ? ROW_NARROW_PX : ROW_PX
    if (hidden) return null
    const titles: Record<SectionName, string> = {
        starred: words().starred,
        channels: words().channels,
        direct: words().direct_messages,
    }
    return (
        <section aria-labelledby={`${name}-title`}>
            <header>
                <h2 id={`${name}-title`}>{titles[name]}</h2>
                {name === 'channels' && (
                    <>
                        <Tool
                            label={words().browse_channels}
                            icon={BrowseIcon}
                            onClick={() => open('browse')}
                        />
                        <Tool
                            label={words().create_channel}
                            icon={PlusIcon}
                            onClick={() => open('create')}
                        />
                    </>
                )}
                {name === 'direct' && (
                    <Tool
                        label={words().new_direct}
                        icon={PlusIcon}
                        onClick={() => open('direct')}
                    />
                )}
            </header>
            <WindowedList
                items={entries}
                row_px={row_px}
                scroller={scroller}
                shown={entries.findIndex(({ channel }) => channel.id === current)}
                render={(entry) => (
                    <SidebarItem
                        key={entry.channel.id}
                        entry={entry}
                        current={entry.channel.id === current}
                    />
                )}
            />
        </section>
    )
}

/* Up and down go from one channel to the next. */
function walk(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step === 0 || event.altKey || event.ctrlKey || event.metaKey) return
    const nav = event.currentTarget as HTMLElement
    const links = [...nav.querySelectorAll<HTMLElement>('li a')]
    const at = links.indexOf(event.target as HTMLElement)
    const next = links[at < 0 ? 0 : at + step]
    if (!next || (at < 0 && step < 0)) return
    event.preventDefault()
    next.focus()
}

interface ToolProps {
    label: string
    icon: () => VNode
    onClick(): void
}

function Tool({ label, icon: Icon, onClick }: ToolProps): VNode {
    return (
        <button class="quiet" aria-label={label} title={label} onClick={onClick}>
            <Icon />
        </button>
    )
}
