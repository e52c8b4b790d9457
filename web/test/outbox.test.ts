/* Messages on their way: kept, sent in order, never forgotten. */

import { beforeEach, describe, expect, it } from 'vitest'
import { RequestError } from '../src/protocol/errors'
import type { Ack, Call } from '../src/protocol/types'
import { Outbox } from '../src/store/outbox'
import { Sender } from '../src/store/sender'
import { memoryStorage } from '../src/store/storage'
import { FakeClock, settle } from './support'

type Outcome = 'ack' | RequestError

let clock: FakeClock
let storage: ReturnType<typeof memoryStorage>
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

function begin(): void {
    outbox = new Outbox(storage, 'outbox.7.')
    sender = new Sender(outbox, {
        call,
        clock,
        random: () => 0.5,
        onAck(message) {
            acked.push(message.cmid)
            outbox.remove(message.cmid)
        },
    })
}

function write(cmid: string, channel = 5): void {
    outbox.add({ cmid, channel, text: `text of ${cmid}` }, clock.now())
}

beforeEach(() => {
    clock = new FakeClock()
    storage = memoryStorage()
    sent = []
    acked = []
    outcomes = []
    begin()
})

describe('the outbox', () => {
    it('survives a reload, in the order of writing', () => {
        for (const cmid of ['z', 'a', 'm']) write(cmid)
        begin()
        expect(outbox.of(5).map((message) => message.cmid)).toEqual(['z', 'a', 'm'])
        expect(outbox.get('a')?.text).toBe('text of a')
        write('later')
        expect(outbox.of(5).at(-1)?.cmid).toBe('later')
    })

    it('keeps a message that was seen but not acknowledged, and forgets it after the ack', async () => {
        write('a')
        outbox.seen('a')
        begin()
        expect(outbox.get('a')?.seen).toBe(false)
        sender.start()
        await settle()
        begin()
        expect(outbox.all()).toEqual([])
    })

    it('shows an acknowledged message until its event arrives, and only here', () => {
        write('a')
        outbox.sent('a')
        expect(outbox.of(5).length).toBe(1)
        expect(storage.keys()).toEqual([])
        outbox.seen('a')
        expect(outbox.all()).toEqual([])
    })

    it('ignores what it cannot read', () => {
        storage.set('outbox.7.x', 'not json')
        begin()
        expect(outbox.all()).toEqual([])
        expect(storage.keys()).toEqual([])
    })

    it('follows another tab that sent or deleted a message', () => {
        write('a')
        outbox.removedElsewhere('outbox.7.a')
        outbox.removedElsewhere('something.else')
        expect(outbox.all()).toEqual([])
    })
})

describe('the sender', () => {
    it('sends in order, each after the ack of the one before', async () => {
        for (const cmid of ['1', '2', '3']) write(cmid)
        sender.kick(5)
        expect(sent).toEqual(['1'])
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
        begin()
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
