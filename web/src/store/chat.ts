/*
 * Everything one logged-in person has: the connection, channels, people, histories, outbox; and the
 * verbs of the page. Knows no DOM: the socket, the clock and the storage come from outside.
 */

import type { Clock } from '../protocol/clock'
import { Connection, type Socket, type SocketEvents } from '../protocol/connection'
import type {
    Ack,
    Call,
    Channel,
    ChannelEvent,
    Hello,
    MessageEvent,
    PushedEvent,
    User,
} from '../protocol/types'
import { Channels, unreadOf } from './channels'
import type { Conversation } from './conversation'
import { Drafts } from './drafts'
import { History } from './history'
import { Marks } from './marks'
import { Mentions } from './mentions'
import { Outbox, type OutgoingMessage } from './outbox'
import type { OutboxStorage, Turn } from './outbox-storage'
import { Presence } from './presence'
import { Reader } from './reader'
import { Sender } from './sender'
import { Signal } from './signal'
import type { Storage } from './storage'
import { Users } from './users'

export interface ChatOptions {
    me: User
    open(events: SocketEvents): Socket
    clock: Clock
    storage: Storage
    outbox: OutboxStorage
    turn: Turn
    newCmid(): string
    /* The session has ended. */
    onEnded(): void
}

export class Chat {
    readonly me: User
    readonly connection: Connection
    readonly connectionChanged = new Signal()
    readonly channels = new Channels()
    readonly users: Users
    readonly outbox: Outbox
    readonly drafts: Drafts
    readonly marks: Marks
    readonly mentions: Mentions
    readonly presence: Presence
    readonly history: History
    readonly reader: Reader
    /* The list of channels is here. */
    ready = false
    /* Something was written since the page was opened. */
    has_written = false
    /* Called for each message of others that arrives live. */
    onMessage: (message: MessageEvent) => void = () => {}
    /* The same, for whoever tells people who look elsewhere. */
    onNotify: (message: MessageEvent) => void = () => {}
    private readonly sender: Sender

    constructor(private readonly options: ChatOptions) {
        this.me = options.me
        this.connection = new Connection({
            open: options.open,
            clock: options.clock,
            onState: () => this.connectionChanged.notify(),
            onHello: (hello) => this.welcome(hello),
            onEvent: (event) => this.receive(event),
            onEnded: options.onEnded,
        })
        this.users = new Users(this.call)
        this.users.put([options.me])
        this.outbox = new Outbox(options.outbox)
        this.drafts = new Drafts(options.storage, `parley.draft.${options.me.id}.`)
        this.marks = new Marks(options.storage, `parley.marks.${options.me.id}`)
        this.mentions = new Mentions(options.me.id, this.channels)
        this.presence = new Presence(this.call, options.clock)
        this.reader = new Reader(this.channels, this.call)
        this.history = new History({
            call: this.call,
            headOf: (channel) => this.channels.get(channel)?.last_seq ?? 0,
            onEvents: (events) => {
                this.matchOutbox(events)
                this.mentions.see(events)
            },
        })
        this.sender = new Sender(this.outbox, {
            call: this.call,
            clock: options.clock,
            turn: options.turn,
            onAck: (message, ack) =>
                this.outbox.acked(message, ack, this.acknowledged(message, ack)),
        })
        this.outbox.onAckElsewhere = (message, ack) =>
            this.outbox.ackedElsewhere(message.cmid, this.acknowledged(message, ack))
        options.turn.listen(() => void this.loadOutbox())
        void this.loadOutbox()
    }

    readonly call: Call = (op, args) => this.connection.call(op, args)

    /* Open a channel to read it: the "new" line goes where reading stopped. */
    openChannel(id: number): Conversation {
        const channel = this.channels.get(id)
        const new_after = channel && unreadOf(channel) > 0 ? channel.read_seq : null
        const conversation = this.history.open(id, new_after)
        conversation.setNewLine(new_after)
        return conversation
    }

    /* Show a message at once, keep it in the outbox, and send it. */
    send(channel: number, text: string): void {
        const { clock, newCmid } = this.options
        this.outbox.add({ cmid: newCmid(), channel, text }, clock.now())
        this.has_written = true
        const conversation = this.history.get(channel)
        if (conversation) this.showLatest(conversation)
        this.options.turn.take()
        this.sender.kick(channel)
    }

    /* Go to the end of a conversation, which may have to be fetched. */
    showLatest(conversation: Conversation): void {
        conversation.view.showLatest()
        if (!conversation.timeline.live) void this.history.loadLatest(conversation)
        conversation.changed.notify()
    }

    retry(cmid: string): void {
        const message = this.outbox.get(cmid)
        if (!message) return
        this.outbox.waiting(cmid)
        this.options.turn.take()
        this.sender.kick(message.channel)
    }

    async createChannel(name: string, topic: string): Promise<Channel> {
        return this.enter(await this.call('createChannel', { name, topic }))
    }

    async joinChannel(channel: number): Promise<Channel> {
        return this.enter(await this.call('joinChannel', { channel }))
    }

    async openDirect(users: readonly number[]): Promise<Channel> {
        return this.enter(await this.call('openDirect', { users: [...users] }))
    }

    async leaveChannel(channel: number): Promise<void> {
        await this.call('leaveChannel', { channel })
        this.forget(channel)
    }

    /* Remove what this person leaves behind in the browser. */
    async clearStorage(): Promise<void> {
        this.drafts.clear()
        this.marks.clear()
        await this.outbox.clear()
    }

    private enter({ channel }: { channel: Channel }): Channel {
        this.channels.put(channel)
        return channel
    }

    private forget(channel: number): void {
        this.channels.remove(channel)
        this.history.close(channel)
    }

    private welcome(hello: Hello): void {
        this.users.put([hello.user])
        this.learn(hello.channels)
        this.ready = true
        this.connectionChanged.notify()
        this.sender.start()
        this.users.fetchWanted()
        this.presence.connected()
    }

    /* The channels as the server has them now: fetch what was missed. */
    private learn(channels: readonly Channel[]): void {
        this.channels.replace(channels)
        for (const channel of channels) this.reader.confirm(channel.id, channel.read_seq ?? 0)
        this.history.connected()
        this.reader.mark()
        this.reader.sendAll()
    }

    private receive(event: PushedEvent): void {
        switch (event.ev) {
            case 'message':
            case 'edit':
            case 'delete':
            case 'react':
            case 'unreact':
            case 'create':
            case 'join':
            case 'leave':
            case 'rename':
            case 'topic':
            case 'archive':
            case 'unarchive':
                return void this.happened(event)
            case 'joined':
                return this.channels.put(event.channel)
            case 'left':
                return this.forget(event.channel)
            case 'read':
                return this.readElsewhere(event.channel, event.read_seq, event.unread)
            case 'presence':
                return this.presence.receive(event.user, event.state)
            case 'behind':
                return void this.catchUp()
        }
    }

    /* Returns whether the event is on the page, if its channel is. */
    private happened(event: ChannelEvent): boolean {
        const channel = this.channels.get(event.channel)
        const was_read = channel !== undefined && unreadOf(channel) === 0
        this.mentions.see([event])
        const is_new = this.channels.apply(event)
        const held = this.history.push(event)
        if (is_new && event.ev === 'message') this.wasWritten(event, was_read)
        this.reader.mark()
        return held
    }

    private wasWritten(message: MessageEvent, was_read: boolean): void {
        if (message.from === this.me.id) {
            /* What one wrote oneself, perhaps on another device, is not unread. */
            if (was_read) this.channels.read(message.channel, message.seq, message.n)
            return
        }
        if (was_read && !this.reader.isReading(message.channel))
            this.history.get(message.channel)?.setNewLine(message.prev)
        this.onMessage(message)
        this.onNotify(message)
    }

    private readElsewhere(channel: number, read_seq: number, unread: number): void {
        const last_n = this.channels.get(channel)?.last_n ?? 0
        const read_n = this.history.get(channel)?.timeline.find(read_seq)?.n ?? last_n - unread
        this.reader.confirm(channel, read_seq)
        this.channels.read(channel, read_seq, read_n)
    }

    /* The server left events out. It does not say how many messages they were, so ask. */
    private async catchUp(): Promise<void> {
        const answer = await this.call('getChannels', {}).catch(() => null)
        if (answer) this.learn(answer.channels)
    }

    /* What waited in the storage goes out, if there is a connection and it is this tab's turn. */
    private async loadOutbox(): Promise<void> {
        await this.outbox.load()
        this.sender.start()
    }

    /* Returns whether the message is among the events now, if its channel is on the page. */
    private acknowledged(message: OutgoingMessage, ack: Ack): boolean {
        const { seq, prev, n, ts_us } = ack
        const { channel, cmid, text, thread } = message
        const reply = thread === undefined ? {} : { thread }
        const place = { channel, seq, prev, n, ts_us, from: this.me.id }
        return this.happened({ ev: 'message', ...place, cmid, text, ...reply })
    }

    /* One's own messages that came back are shown as events from now on. */
    private matchOutbox(events: readonly ChannelEvent[]): void {
        for (const event of events)
            if (event.ev === 'message' && event.from === this.me.id) this.outbox.seen(event.cmid)
    }
}
