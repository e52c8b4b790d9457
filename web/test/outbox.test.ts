/* Messages on their way: kept, sent in order, never forgotten, by one tab of several. */

import { beforeEach, describe, expect, it } from 'vitest'
import { RequestError } from '../src/protocol/errors'
import type { Ack, Call } from '../src/protocol/types'
import { Outbox, type OutgoingMessage } from '../src/store/outbox'
import type { OutboxNews, OutboxStorage, Turn } from '../src/store/outbox-storage'
import { Sender } from '../src/store/sender'
import { FakeClock, settle } from './support'

type Outcome = 'ack' | RequestError

/* One storage for several tabs; each hears what the others tell. */
class SharedStorage {
    readonly kept = new Map<string, OutgoingMessage>()
    private readonly hearers = new Map<object, (news: OutboxNews) => void>()
    /* Writing takes until this is called, when it is set. */
    hold: Promise<void> = Promise.resolve()

    tab(): OutboxStorage {
        const self = {}
        return {
            load: async () => [...this.kept.values()].sort((a, b) => (a.cmid < b.cmid ? -1 : 1)),
            keep: async (message) => {
                await this.hold
                this.kept.set(message.cmid, message)
            },
            forget: async (cmid) => void this.kept.delete(cmid),
            tell: (news) => {
                for (const [tab, hear] of this.hearers) if (tab !== self) hear(news)
            },
            listen: (hear) => void this.hearers.set(self, hear),
        }
    }
}

interface Tab {
    outbox: Outbox
    sender: Sender
    turn: Turn & { mine: boolean }
}

let clock: FakeClock
let storage: SharedStorage
let outbox: Outbox
let sender: Sender
let sent: string[]
/* What the server answers to each send, in order; acks when there is nothing. */
let outcomes: Outcome[]
let acked: string[]

const call = (async (_op: string, args: { cmid: string }) => {
    sent.push(args.cmid)
    const outcome = outcomes.shift() ?? 'ack'
    if (outcome !== 'ack') throw outcome
    return { channel: 5, seq: 1, prev: 0, n: 1, ts_us: 1 } satisfies Ack
}) as unknown as Call

const error = (code: string, retry_after_ms?: number) =>
    new RequestError(code, code, retry_after_ms)

async function openTab(mine = true): Promise<Tab> {
    const turn = { mine, take: () => {}, listen: () => {} }
    const outbox = new Outbox(storage.tab())
    outbox.onAckElsewhere = (message) => outbox.ackedElsewhere(message.cmid, true)
    const sender = new Sender(outbox, {
        call,
        clock,
        turn,
        random: () => 0.5,
        onAck(message, ack) {
            acked.push(message.cmid)
            outbox.acked(message, ack, true)
        },
    })
    await outbox.load()
    return { outbox, sender, turn }
}

/* A reload of the only tab. */
async function begin(): Promise<void> {
    ;({ outbox, sender } = await openTab())
}

function write(cmid: string, channel = 5): void {
    outbox.add({ cmid, channel, text: `text of ${cmid}` }, clock.now())
}

beforeEach(async () => {
    clock = new FakeClock()
    storage = new SharedStorage()
    sent = []
    acked = []
    outcomes = []
    await begin()
})

describe('the outbox', () => {
    it('survives a reload, in the order of writing', async () => {
        for (const cmid of ['z', 'a', 'm']) write(cmid)
        await settle()
        await begin()
        expect(outbox.of(5).map((message) => message.cmid)).toEqual(['z', 'a', 'm'])
        expect(outbox.get('a')?.text).toBe('text of a')
        write('later')
        expect(outbox.of(5).at(-1)?.cmid).toBe('later')
    })

    it('shows a message before it is stored, and sends it after', async () => {
        let stored = (): void => {}
        storage.hold = new Promise((resolve) => (stored = resolve))
        write('a')
        expect(outbox.of(5).length).toBe(1)
        sender.kick(5)
        await settle()
        expect(sent).toEqual([])
        stored()
        await settle()
        expect(sent).toEqual(['a'])
    })

    it('keeps a message that was seen but not acknowledged, and forgets it after the ack', async () => {
        write('a')
        outbox.seen('a')
        await settle()
        await begin()
        expect(outbox.get('a')?.seen).toBe(false)
        sender.start()
        await settle()
        await begin()
        expect(outbox.all()).toEqual([])
    })

    it('shows an acknowledged message until its event arrives, and only here', async () => {
        write('a')
        outbox.acked(outbox.get('a')!, { channel: 5, seq: 9, prev: 8, n: 9, ts_us: 1 }, false)
        await settle()
        expect(outbox.of(5).length).toBe(1)
        expect(storage.kept.size).toBe(0)
        outbox.seen('a')
        expect(outbox.all()).toEqual([])
    })

    it('forgets a message that the person deleted, even while it was being stored', async () => {
        write('a')
        outbox.remove('a')
        await settle()
        expect(storage.kept.size).toBe(0)
    })
})

describe('the sender', () => {
    it('sends in order, each after the ack of the one before', async () => {
        for (const cmid of ['1', '2', '3']) write(cmid)
        sender.kick(5)
        await settle()
        expect(sent).toEqual(['1', '2', '3'])
        expect(acked).toEqual(['1', '2', '3'])
    })

    it('sends again with the same cmid after a lost connection, and first what was first', async () => {
        outcomes = [error('disconnected')]
        write('1')
        write('2')
        sender.kick(5)
        await settle()
        expect(sent).toEqual(['1'])
        expect(outbox.get('1')?.state).toBe('waiting')
        sender.start()
        await settle()
        expect(sent).toEqual(['1', '1', '2'])
    })

    it('waits when the server is busy, without letting a later message pass', async () => {
        outcomes = [error('rate_limited', 2000)]
        write('1')
        write('2')
        sender.kick(5)
        await settle()
        clock.pass(2000)
        await settle()
        expect(sent).toEqual(['1'])
        clock.pass(500)
        await settle()
        expect(sent).toEqual(['1', '1', '2'])
    })

    it('puts a refused message aside, goes on, and sends it again when told to', async () => {
        outcomes = [error('forbidden')]
        write('1')
        write('2')
        sender.kick(5)
        await settle()
        expect(outbox.get('1')).toMatchObject({ state: 'failed', reason: 'forbidden' })
        expect(acked).toEqual(['2'])
        await begin()
        expect(outbox.get('1')?.state).toBe('failed')
        outbox.waiting('1')
        sender.kick(5)
        await settle()
        expect(acked).toEqual(['2', '1'])
    })

    it('lets one channel wait without the others', async () => {
        outcomes = [error('unavailable')]
        write('a', 5)
        write('b', 6)
        sender.start()
        await settle()
        expect(acked).toEqual(['b'])
    })
})

describe('two tabs', () => {
    it('show the same, and one sends', async () => {
        const other = await openTab(false)
        write('1')
        expect(other.outbox.get('1')?.state).toBe('waiting')
        other.sender.start()
        sender.start()
        await settle()
        expect(sent).toEqual(['1'])
        expect(other.outbox.all()).toEqual([])
    })

    it('go on where the other stopped when the turn passes, with the same cmids in order', async () => {
        const other = await openTab(false)
        outcomes = [error('disconnected')]
        for (const cmid of ['1', '2']) write(cmid)
        sender.kick(5)
        await settle()
        other.turn.mine = true
        await other.outbox.load()
        other.sender.start()
        await settle()
        expect(sent).toEqual(['1', '1', '2'])
        expect(outbox.all()).toEqual([])
        expect(storage.kept.size).toBe(0)
    })

    it('follow each other in failing, trying again and deleting', async () => {
        const other = await openTab(false)
        outcomes = [error('forbidden')]
        write('1')
        sender.kick(5)
        await settle()
        expect(other.outbox.get('1')).toMatchObject({ state: 'failed', reason: 'forbidden' })
        outbox.remove('1')
        expect(other.outbox.all()).toEqual([])
    })
})
