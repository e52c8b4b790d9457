/*
 * The scrolling list of one channel's messages. Shows the view's slice, slides it when the reader
 * comes near its edge, and never lets what is being read move: before each change of the page the
 * place is measured, after it the place is put back.
 */

import { Component, createRef, type VNode } from 'preact'
import { currentLanguage, words } from '../i18n/words'
import type { Chat } from '../store/chat'
import { unreadOf } from '../store/channels'
import type { Conversation } from '../store/conversation'
import type { Slice } from '../store/view'
import { placeOf, putBack } from './anchor'
import { ChannelStart } from './channel-start'
import { DownIcon } from './icons'
import { MessageRow, type RowActions } from './message-row'
import { namesOf } from './names'
import { nextMessage } from './message-focus'
import { rowsOf, type Row } from './rows'

/* The height of the smallest row, and how many screens of rows are on the page. */
const ROW_MIN_PX = 24
const SCREENS = 3.5
const ROWS_MAX = 300
/* As near as this to an edge, in screens, the view slides. After a slide by a quarter of the rows
 * neither edge is near, so it does not slide back at once. */
const NEAR_SCREENS = 0.75
/* As near as this to the end is at the end: zoomed pages have fractions of pixels. */
const AT_END_PX = 1

interface Props {
    chat: Chat
    conversation: Conversation
    label: string
}

interface State {
    away: boolean
}

export class MessageList extends Component<Props, State> {
    override state: State = { away: false }
    private readonly list = createRef<HTMLDivElement>()
    private readonly rows = createRef<HTMLOListElement>()
    private readonly cleanups: (() => void)[] = []
    private placed = false
    private last_top = 0
    private slice: Slice | null = null

    override componentDidMount(): void {
        const { chat, conversation } = this.props
        const again = () => this.forceUpdate()
        const signals = [
            conversation.changed,
            chat.outbox.changed,
            chat.users.changed,
            chat.connectionChanged,
        ]
        for (const signal of signals) this.cleanups.push(signal.subscribe(again))
        const observer = new ResizeObserver(() => this.resized())
        observer.observe(this.list.current!)
        observer.observe(this.rows.current!)
        this.cleanups.push(() => observer.disconnect())
        for (const name of ['focus', 'blur', 'visibilitychange'])
            this.listen(name === 'visibilitychange' ? document : window, name, this.attend)
        this.settle()
    }

    override componentWillUnmount(): void {
        for (const cleanup of this.cleanups) cleanup()
        this.measure()
        this.props.chat.reader.attend(null)
    }

    override getSnapshotBeforeUpdate(): null {
        this.measure()
        return null
    }

    override componentDidUpdate(): void {
        this.settle()
    }

    override render({ chat, conversation, label }: Props, { away }: State): VNode {
        const slice = conversation.view.slice()
        this.slice = slice
        const pending = chat.outbox.of(conversation.channel)
        const rows = rowsOf(conversation, slice, pending, chat.me.id)
        return (
            <div class="message-area">
                <div
                    class="messages"
                    ref={this.list}
                    role="log"
                    aria-live="off"
                    aria-label={label}
                    tabIndex={0}
                    onScroll={this.scrolled}
                    onKeyDown={this.walk}
                >
                    <ol class="rows" ref={this.rows}>
                        {this.renderStart(slice)}
                        {rows.map((row) => this.renderRow(row))}
                    </ol>
                </div>
                {away && this.renderJump()}
            </div>
        )
    }

    private renderStart(slice: Slice | null): VNode {
        const { chat, conversation } = this.props
        if (conversation.trouble)
            return (
                <li key="start" class="more trouble" role="alert">
                    {conversation.trouble}{' '}
                    <button class="link" onClick={this.loadAgain}>
                        {words().try_again}
                    </button>
                </li>
            )
        if (slice?.at_start || (!slice && conversation.loaded))
            return <ChannelStart key="start" chat={chat} channel={conversation.channel} />
        return (
            <li key="start" class="more">
                {words().loading}
            </li>
        )
    }

    private renderRow(row: Row): VNode {
        const { chat } = this.props
        return (
            <MessageRow
                key={row.id}
                row={row}
                names={this.names}
                names_version={`${chat.users.changed.version} ${currentLanguage()}`}
                online={chat.connection.state.phase === 'open'}
                actions={this.actions}
            />
        )
    }

    private renderJump(): VNode {
        const { chat, conversation } = this.props
        const channel = chat.channels.get(conversation.channel)
        const unread = channel ? unreadOf(channel) : 0
        return (
            <button class="jump" onClick={this.jumpToLatest}>
                <DownIcon />
                {unread > 0 ? words().n_new(unread) : words().jump_to_latest}
            </button>
        )
    }

    private readonly names = namesOf(this.props.chat)

    private readonly actions: RowActions = {
        retry: (cmid) => this.props.chat.retry(cmid),
        remove: (cmid) => this.props.chat.outbox.remove(cmid),
    }

    private readonly jumpToLatest = (): void => {
        const { chat, conversation } = this.props
        chat.showLatest(conversation)
        this.list.current?.focus({ preventScroll: true })
    }

    /* From message to message; the focus brings the list along. */
    private readonly walk = (event: KeyboardEvent): void => {
        if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
        const next = nextMessage(this.list.current!, event.key)
        if (!next) return
        event.preventDefault()
        next.focus({ preventScroll: true })
        next.scrollIntoView({ block: 'nearest' })
    }

    private readonly loadAgain = (): void => {
        const { chat, conversation } = this.props
        conversation.trouble = null
        if (conversation.loaded) this.fill()
        else void chat.history.loadFirst(conversation)
        this.forceUpdate()
    }

    /* Where the reader is, just before the page changes. */
    private measure(): void {
        const list = this.list.current!
        const view = this.props.conversation.view
        /* Scrolled up since the last scroll event was handled. */
        if (
            view.follow &&
            list.scrollTop < this.last_top - AT_END_PX &&
            this.distance() > AT_END_PX
        )
            view.follow = false
        if (this.placed && !view.follow) this.holdPlace()
    }

    /*
     * Choose the row to hold on to, anew only where the reader scrolled: after a change around it,
     * the same row goes on being held, however often the page changes.
     */
    private holdPlace(): void {
        const list = this.list.current!
        const view = this.props.conversation.view
        if (view.place && list.scrollTop === this.last_top) return
        view.place = placeOf(list, this.rows.current!) ?? view.place
    }

    /* Put the reader back, just after the page changed. */
    private settle(): void {
        const list = this.list.current!
        const view = this.props.conversation.view
        if (!this.placed && this.slice) this.placeFirst()
        else if (view.follow && this.distance() > AT_END_PX) list.scrollTop = list.scrollHeight
        else if (!view.follow && view.place && !putBack(list, this.rows.current!, view.place))
            view.place = null
        this.last_top = list.scrollTop
        this.after()
    }

    /* The first time that there is something to read: where was the reader, what is new? */
    private placeFirst(): void {
        const list = this.list.current!
        const view = this.props.conversation.view
        this.placed = true
        if (!view.follow && view.place && putBack(list, this.rows.current!, view.place)) return
        const line = this.rows.current!.querySelector<HTMLElement>('.new-line')
        list.scrollTop = list.scrollHeight
        if (line && line.offsetTop < list.scrollTop) {
            list.scrollTop = line.offsetTop - list.clientHeight / 4
            view.follow = false
            view.place = placeOf(list, this.rows.current!)
        } else if (this.endInView()) {
            view.follow = true
        } else if (!view.follow) {
            /* All that is new is one's own, or has left the page already. */
            this.props.chat.showLatest(this.props.conversation)
        }
    }

    private readonly scrolled = (): void => {
        const list = this.list.current
        const view = this.props.conversation.view
        /* A scroll event may still come after the list has left the page. */
        if (!list || !this.placed) return
        /* Away from the end without going up, the list was only resized: it still follows. */
        if (this.endInView() && this.distance() <= AT_END_PX) view.follow = true
        else if (list.scrollTop < this.last_top) view.follow = false
        if (view.follow) view.place = null
        else this.holdPlace()
        this.last_top = list.scrollTop
        this.after()
    }

    private resized(): void {
        const list = this.list.current!
        const view = this.props.conversation.view
        const rows = Math.ceil((list.clientHeight / ROW_MIN_PX) * SCREENS)
        /* It does not shrink again: that could take away the rows that are being read. */
        view.rows_max = Math.max(view.rows_max, Math.min(ROWS_MAX, rows))
        this.settle()
    }

    /* What follows from where the reader is now. */
    private after(): void {
        this.fill()
        this.attend()
        const far = this.distance() > this.list.current!.clientHeight / 2
        const away =
            this.placed && !this.props.conversation.view.follow && (far || !this.endInView())
        if (away !== this.state.away) this.setState({ away })
    }

    private distance(): number {
        const list = this.list.current!
        return list.scrollHeight - list.clientHeight - list.scrollTop
    }

    private endInView(): boolean {
        return this.slice === null || this.slice.at_end
    }

    /* Near an edge, slide the view; near the end of what is held, fetch more. */
    private fill(): void {
        const { chat, conversation } = this.props
        const { view, timeline, repairing, trouble } = conversation
        const list = this.list.current!
        const slice = this.slice
        if (!slice || !this.placed || trouble) return
        const near = list.clientHeight * NEAR_SCREENS
        if (list.scrollTop < near) {
            if (view.slideUp()) this.forceUpdate()
            if (slice.low < view.rows_max) void chat.history.loadBefore(conversation)
        }
        if (this.distance() < near && !view.follow) {
            if (view.slideDown()) this.forceUpdate()
            const rest = slice.range.length - slice.high
            if (rest < view.rows_max && !timeline.reachesHead(slice.range) && !repairing)
                void chat.history.loadAfter(conversation)
        }
    }

    /* Reading means: looking at the page, at the end of the list. */
    private readonly attend = (): void => {
        const { chat, conversation } = this.props
        const looking = document.visibilityState === 'visible' && document.hasFocus()
        const reading = looking && conversation.view.follow && this.slice?.at_end === true
        chat.reader.attend(reading ? conversation.channel : null)
    }

    private listen(target: EventTarget, name: string, handler: () => void): void {
        target.addEventListener(name, handler)
        this.cleanups.push(() => target.removeEventListener(name, handler))
    }
}
