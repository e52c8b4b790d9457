/* One row of the message list. Rendered again only when something that it shows has changed. */

import { Component, type ComponentChildren, type VNode } from 'preact'
import { words } from '../i18n/words'
import { parseMarkdown, type Block } from '../markdown/parse'
import { plainText } from '../markdown/plain'
import { Markdown, type Names } from '../markdown/render'
import type { MessageEvent, SystemEvent } from '../protocol/types'
import type { OutgoingMessage } from '../store/outbox'
import { Avatar } from './avatar'
import { ReplyIcon } from './icons'
import type { Reply, Row } from './rows'
import { clockTime, dayName, fullTime, isoTime } from './time'

const EXCERPT_MAX = 120

export interface RowActions {
    retry(cmid: string): void
    remove(cmid: string): void
}

interface RowProps {
    row: Row
    names: Names
    /* Changes when a name or the language may have changed. */
    names_version: string
    online: boolean
    actions: RowActions
}

export class MessageRow extends Component<RowProps> {
    override shouldComponentUpdate(next: RowProps): boolean {
        const now = this.props
        return (
            next.names_version !== now.names_version ||
            (next.row.kind === 'pending' && next.online !== now.online) ||
            !sameRow(next.row, now.row)
        )
    }

    override render({ row, names, online, actions }: RowProps): VNode {
        switch (row.kind) {
            case 'day':
                return <DayRow ts_us={row.ts_us} />
            case 'new':
                return (
                    <li class="row new-line">
                        <span>{words().new_messages}</span>
                    </li>
                )
            case 'system':
                return <SystemRow event={row.event} id={row.key} names={names} />
            case 'message':
                return <EventRow row={row} names={names} />
            case 'pending':
                return <PendingRow row={row} names={names} online={online} actions={actions} />
        }
    }
}

function sameRow(a: Row, b: Row): boolean {
    if (a.kind === 'day' && b.kind === 'day') return a.ts_us === b.ts_us
    if (a.kind === 'system' && b.kind === 'system') return a.event === b.event
    if (a.kind === 'pending' && b.kind === 'pending')
        return a.message === b.message && a.head === b.head
    if (a.kind === 'message' && b.kind === 'message')
        return a.event === b.event && a.head === b.head && a.reply?.root === b.reply?.root
    return a.kind === b.kind
}

function DayRow({ ts_us }: { ts_us: number }): VNode {
    return (
        <li class="row day">
            <span>{dayName(ts_us, Date.now())}</span>
        </li>
    )
}

function SystemRow({ event, id, names }: { event: SystemEvent; id: string; names: Names }): VNode {
    return (
        <li class="row system" data-key={id}>
            <bdi>{names.user(event.from)}</bdi> {words().did[event.ev]} <Time ts_us={event.ts_us} />
        </li>
    )
}

function EventRow({ row, names }: { row: Row & { kind: 'message' }; names: Names }): VNode {
    const { event, head, reply } = row
    return (
        <Frame
            id={row.key}
            seq={event.seq}
            head={head}
            from={event.from}
            ts_us={event.ts_us}
            names={names}
        >
            {reply && <ReplyHint reply={reply} names={names} />}
            {event.deleted ? (
                <p class="deleted">{words().deleted}</p>
            ) : (
                <Text text={event.text} of={event} names={names} />
            )}
            {event.edited_us && !event.deleted && <small class="edited">{words().edited}</small>}
            {event.reactions && event.reactions.length > 0 && (
                <ul class="reactions">
                    {event.reactions.map(({ emoji, count }) => (
                        <li key={emoji}>
                            {emoji} {count}
                        </li>
                    ))}
                </ul>
            )}
        </Frame>
    )
}

interface PendingProps {
    row: Row & { kind: 'pending' }
    names: Names
    online: boolean
    actions: RowActions
}

function PendingRow({ row, names, online, actions }: PendingProps): VNode {
    const { message, head } = row
    return (
        <Frame
            id={row.key}
            head={head}
            from={names.me}
            ts_us={message.written_ms * 1000}
            names={names}
            state={message.state}
        >
            <Text text={message.text} of={message} names={names} />
            {message.state === 'failed' ? (
                <NotSent message={message} actions={actions} />
            ) : (
                <p class="delivery">{online ? words().sending : words().waiting}</p>
            )}
        </Frame>
    )
}

function NotSent({ message, actions }: { message: OutgoingMessage; actions: RowActions }): VNode {
    return (
        <p class="delivery failed" role="alert">
            <span>{words().not_sent(message.reason ?? '')}</span>
            <button class="link" onClick={() => actions.retry(message.cmid)}>
                {words().try_again}
            </button>
            <button class="link" onClick={() => actions.remove(message.cmid)}>
                {words().delete}
            </button>
        </p>
    )
}

interface FrameProps {
    id: string
    seq?: number
    head: boolean
    from: number
    ts_us: number
    names: Names
    state?: OutgoingMessage['state']
    children: ComponentChildren
}

function Frame({ id, seq, head, from, ts_us, names, state, children }: FrameProps): VNode {
    const name = names.user(from)
    return (
        <li
            class={`row message${head ? ' head' : ''}${state ? ' pending' : ''}`}
            data-key={id}
            data-seq={seq}
            tabIndex={-1}
        >
            {head && <Avatar id={from} name={name} />}
            {head && <bdi class="author">{name}</bdi>}
            <Time ts_us={ts_us} />
            <div class="body" dir="auto">
                {children}
            </div>
        </li>
    )
}

function Time({ ts_us }: { ts_us: number }): VNode {
    return (
        <time dateTime={isoTime(ts_us)} title={fullTime(ts_us)}>
            {clockTime(ts_us)}
        </time>
    )
}

function ReplyHint({ reply, names }: { reply: Reply; names: Names }): VNode {
    return (
        <p class="reply">
            <ReplyIcon />
            {reply.root ? (
                <>
                    {words().reply_to} <bdi>{names.user(reply.root.from)}</bdi>:{' '}
                    {plainText(reply.root.text, EXCERPT_MAX, names)}
                </>
            ) : (
                words().reply_in_thread
            )}
        </p>
    )
}

/* Parsed once per message, however often it is shown. */
const parsed = new WeakMap<object, readonly Block[]>()

function Text({
    text,
    of,
    names,
}: {
    text: string
    of: MessageEvent | OutgoingMessage
    names: Names
}): VNode {
    let blocks = parsed.get(of)
    if (!blocks) parsed.set(of, (blocks = parseMarkdown(text)))
    return <Markdown blocks={blocks} names={names} />
}
