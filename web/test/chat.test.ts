/* The whole of one person's chat, against frames as the server sends them. */

import { beforeEach, describe, expect, it } from 'vitest'
import type { Channel, ChannelEvent, User } from '../src/protocol/types'
import { Chat } from '../src/store/chat'
import { unreadOf } from '../src/store/channels'
import { aloneTurn, memoryOutbox } from '../src/store/outbox-storage'
import { memoryStorage } from '../src/store/storage'
import { FakeClock, FakeSocket, message, messages, seqs, settle } from './support'

const ME: User = {
    id: 1,
    name: 'me',
    display_name: 'Me',
    role: 'member',
    active: true,
    status_text: '',
    status_emoji: '',
}

let clock: FakeClock
let sockets: FakeSocket[]
let chat: Chat
let cmids: number

const socket = () => sockets.at(-1)!
const conversation = () => chat.history.get(5)!
const shown = () => seqs(conversation().timeline.tail)
const requests = (op: string) => socket().sent.filter((request) => request.op === op)

function channel(last: number, unread: number, id = 5): Channel {
    return {
        id,
        kind: 'public',
        name: `c${id}`,
        topic: '',
        members: 2,
        member: true,
        last_seq: last,
        last_n: last,
        read_seq: last - unread,
        unread,
    }
}

function connect(...channels: Channel[]): void {
    socket().events.opened()
    socket().answer('hello', { user: ME, channels, server: { version: '0' } })
}

/* The socket is lost and there is a new one. */
async function reconnect(...channels: Channel[]): Promise<void> {
    socket().events.closed(1006)
    await settle()
    chat.connection.retryNow()
    connect(...channels)
}

async function answerPage(events: ChannelEvent[], more_before = false): Promise<void> {
    socket().answer('getMessages', { events, more_before, more_after: false })
    await settle()
}

async function answerResume(events: ChannelEvent[], complete = true): Promise<void> {
    const last_seq = events.at(-1)?.seq ?? 0
    socket().answer('resume', { channels: [{ channel: 5, events, last_seq, complete }] })
    await settle()
}

beforeEach(() => {
    clock = new FakeClock()
    sockets = []
    cmids = 0
    chat = new Chat({
        me: ME,
        open(events) {
            sockets.push(new FakeSocket(events))
            return socket()
        },
        clock,
        storage: memoryStorage(),
        outbox: memoryOutbox(),
        turn: aloneTurn,
        newCmid: () => `mine-${++cmids}`,
        onEnded: () => {},
    })
    chat.connection.start()
})

describe('unread', () => {
    it('is the last ordinal minus the ordinal at the read marker', () => {
        connect(channel(10, 4))
        expect(unreadOf(chat.channels.get(5)!)).toBe(4)
        socket().push(message(1011, 10, { n: 11 }))
        expect(unreadOf(chat.channels.get(5)!)).toBe(5)
        socket().push({ ...message(1012, 1011, { n: 11 }), ev: 'join' })
        expect(unreadOf(chat.channels.get(5)!)).toBe(5)
        socket().push(message(1011, 10, { n: 11 }))
        expect(chat.channels.unreadTotal()).toBe(5)
    })

    it('goes when it is read here, and the marker is sent once', async () => {
        connect(channel(10, 4))
        chat.reader.attend(5)
        expect(chat.channels.unreadTotal()).toBe(0)
        expect(requests('markRead')).toMatchObject([{ channel: 5, seq: 10 }])
        socket().push(message(11, 10))
        socket().push(message(12, 11))
        expect(chat.channels.unreadTotal()).toBe(0)
        socket().answer('markRead', { read_seq: 10, unread: 2 })
        await settle()
        expect(requests('markRead').map((request) => request.seq)).toEqual([10, 12])
    })

    it('goes when it is read on another device, and never comes back', () => {
        connect(channel(10, 4))
        socket().push({ ev: 'read', channel: 5, read_seq: 9, unread: 1 })
        expect(chat.channels.unreadTotal()).toBe(1)
        socket().push({ ev: 'read', channel: 5, read_seq: 7, unread: 3 })
        expect(chat.channels.unreadTotal()).toBe(1)
    })

    it('is asked for when the server left events out', async () => {
        connect(channel(10, 0))
        socket().push({ ev: 'behind', channels: [{ channel: 5, last_seq: 30 }] })
        socket().answer('getChannels', { channels: [channel(30, 20)] })
        await settle()
        expect(chat.channels.unreadTotal()).toBe(20)
    })
})

describe('history', () => {
    it('shows the newest page and what follows it', async () => {
        connect(channel(10, 0))
        chat.openChannel(5)
        await answerPage(messages(1, 10))
        socket().push(message(11, 10))
        expect(shown()).toEqual(seqs(messages(1, 11)))
    })

    it('resumes after a gap and shows each event once', async () => {
        connect(channel(10, 0))
        chat.openChannel(5)
        await answerPage(messages(1, 10))
        socket().push(message(13, 12))
        expect(requests('resume')).toMatchObject([{ have: [[5, 10]] }])
        socket().push(message(14, 13))
        await answerResume(messages(11, 13))
        expect(requests('resume').length).toBe(2)
        await answerResume(messages(14, 14))
        expect(shown()).toEqual(seqs(messages(1, 14)))
    })

    it('resumes after a reconnect, page by page', async () => {
        connect(channel(10, 0))
        chat.openChannel(5)
        await answerPage(messages(1, 10))
        await reconnect(channel(30, 20))
        expect(requests('resume')).toMatchObject([{ have: [[5, 10]] }])
        await answerResume(messages(11, 20), false)
        expect(requests('resume').at(-1)).toMatchObject({ have: [[5, 20]] })
        await answerResume(messages(21, 30))
        expect(shown()).toEqual(seqs(messages(1, 30)))
        expect(conversation().timeline.live).toBe(true)
    })

    it('resumes again when the connection was lost in between', async () => {
        connect(channel(10, 0))
        chat.openChannel(5)
        await answerPage(messages(1, 10))
        await reconnect(channel(12, 2))
        await reconnect(channel(13, 3))
        await reconnect(channel(13, 3))
        await answerResume(messages(11, 13))
        expect(shown()).toEqual(seqs(messages(1, 13)))
    })

    it('leaves the rest to scrolling when too much was missed', async () => {
        connect(channel(10, 0))
        chat.openChannel(5)
        await answerPage(messages(1, 10))
        await reconnect(channel(9000, 8990))
        for (let page = 0; page < 4; page++)
            await answerResume(messages(11 + page * 10, 20 + page * 10), false)
        expect(requests('resume').length).toBe(4)
        expect(conversation().view.follow).toBe(false)
        socket().push(message(9001, 9000))
        expect(requests('resume').length).toBe(4)
        void chat.history.loadAfter(conversation())
        expect(requests('getMessages').at(-1)).toMatchObject({ after: 50 })
    })

    it('fetches what happened while the first page was on its way', async () => {
        connect(channel(10, 0))
        chat.openChannel(5)
        socket().push(message(11, 10))
        await answerPage(messages(1, 10))
        await answerResume(messages(11, 11))
        expect(shown()).toEqual(seqs(messages(1, 11)))
    })

    it('forgets channels that were not opened for long', () => {
        connect(...Array.from({ length: 20 }, (_, id) => channel(3, 0, id + 1)))
        for (let id = 1; id <= 20; id++) chat.openChannel(id)
        expect(chat.history.get(1)).toBeUndefined()
        expect(chat.history.get(20)).toBeDefined()
    })
})

describe('sending', () => {
    const waiting = () => chat.outbox.of(5).filter((message) => !message.seen)
    const mine = (seq: number, cmid = 'mine-1') =>
        message(seq, seq - 1, { from: 1, cmid, text: 'hi' })
    const ack = (seq: number) => ({ channel: 5, seq, prev: seq - 1, n: seq, ts_us: 1 })

    beforeEach(async () => {
        connect(channel(10, 0))
        chat.openChannel(5)
        await answerPage(messages(1, 10))
    })

    it('shows the message once, whether the ack or the event comes first', async () => {
        chat.send(5, 'hi')
        expect(waiting().length).toBe(1)
        await settle()
        socket().push(mine(11))
        expect(waiting().length).toBe(0)
        socket().answer('sendMessage', ack(11))
        await settle()
        expect(chat.outbox.all()).toEqual([])
        chat.send(5, 'again')
        await settle()
        socket().answer('sendMessage', ack(12))
        await settle()
        socket().push(mine(12, 'mine-2'))
        expect(chat.outbox.all()).toEqual([])
        expect(shown()).toEqual(seqs(messages(1, 12)))
    })

    it('sends again what was under way when the connection was lost', async () => {
        chat.send(5, 'hi')
        await settle()
        await reconnect(channel(11, 1))
        await settle()
        await answerResume([mine(11)])
        expect(waiting().length).toBe(0)
        expect(requests('sendMessage')).toMatchObject([{ cmid: 'mine-1' }])
        socket().answer('sendMessage', { ...ack(11), duplicate: true })
        await settle()
        expect(chat.outbox.all()).toEqual([])
        expect(shown()).toEqual(seqs(messages(1, 11)))
    })

    it('goes on showing a message that was acknowledged behind a gap', async () => {
        chat.send(5, 'hi')
        await settle()
        socket().answer('sendMessage', ack(14))
        await settle()
        expect(waiting()).toMatchObject([{ state: 'sent' }])
        await answerResume([...messages(11, 13), mine(14)])
        expect(waiting()).toEqual([])
        expect(shown()).toEqual(seqs(messages(1, 14)))
    })

    it("does not count one's own messages as unread", () => {
        socket().push(mine(11, 'from another device'))
        expect(chat.channels.unreadTotal()).toBe(0)
    })
})

describe('membership', () => {
    it('brings and takes channels', () => {
        connect()
        socket().push({ ev: 'joined', channel: channel(3, 1) })
        expect(chat.channels.unreadTotal()).toBe(1)
        socket().push({ ev: 'left', channel: 5 })
        expect(chat.channels.all()).toEqual([])
    })
})

describe('the new line', () => {
    it('is where reading stopped when the channel was opened', async () => {
        connect(channel(10, 4))
        chat.openChannel(5)
        expect(conversation().new_line).toEqual({ after_seq: 6 })
        await answerPage(messages(1, 10))
        chat.reader.attend(5)
        expect(conversation().new_line).toEqual({ after_seq: 6 })
    })

    it('comes with the first message that nobody looked at', async () => {
        connect(channel(10, 0))
        chat.openChannel(5)
        await answerPage(messages(1, 10))
        chat.reader.attend(5)
        socket().push(message(11, 10))
        expect(conversation().new_line).toBeNull()
        chat.reader.attend(null)
        socket().push(message(12, 11))
        socket().push(message(13, 12))
        expect(conversation().new_line).toEqual({ after_seq: 11 })
    })
})
