/* The connection, with a clock and sockets of our own. */

import { beforeEach, describe, expect, it } from 'vitest'
import { backoffMs } from '../src/protocol/backoff'
import { Connection } from '../src/protocol/connection'
import type { RequestError } from '../src/protocol/errors'
import { FakeClock, FakeSocket, settle } from './support'

const HELLO = { user: { id: 7, name: 'ada', display_name: 'Ada' }, channels: [], server: {} }

let clock: FakeClock
let sockets: FakeSocket[]
let log: string[]
let connection: Connection

const last = () => sockets.at(-1)!

function sayHello(): void {
    last().events.opened()
    last().answer('hello', HELLO)
}

beforeEach(() => {
    clock = new FakeClock()
    sockets = []
    log = []
    connection = new Connection({
        open(events) {
            sockets.push(new FakeSocket(events))
            return last()
        },
        clock,
        random: () => 0.5,
        onState: (state) => log.push(state.phase),
        onHello: () => log.push('hello'),
        onEvent: (event) => log.push(event.ev),
        onEnded: () => log.push('ended!'),
    })
    connection.start()
})

describe('a connection', () => {
    it('says hello and hands on what follows', () => {
        sayHello()
        last().push({ ev: 'message', channel: 5 })
        expect(log).toEqual(['connecting', 'open', 'hello', 'message'])
    })

    it('matches answers to requests in any order', async () => {
        sayHello()
        const first = connection.call('getChannels', {})
        const second = connection.call('markRead', { channel: 5, seq: 1 })
        last().answer('markRead', { read_seq: 1, unread: 0 })
        last().answer('getChannels', { channels: [] })
        expect(await second).toMatchObject({ read_seq: 1 })
        expect(await first).toMatchObject({ channels: [] })
    })

    it('rejects with the error of the answer', async () => {
        sayHello()
        const call = connection.call('joinChannel', { channel: 9 }).catch((e: RequestError) => e)
        last().answer('joinChannel', { error: 'not_found', message: 'No.', retry_after_ms: 5 })
        expect(await call).toMatchObject({ code: 'not_found', message: 'No.', retry_after_ms: 5 })
    })

    it('rejects what is under way when the socket is lost, and at once while there is none', async () => {
        sayHello()
        const under_way = connection.call('getChannels', {}).catch((e: RequestError) => e.code)
        last().events.closed(1006)
        expect(await under_way).toBe('disconnected')
        await expect(connection.call('getChannels', {})).rejects.toMatchObject({
            code: 'disconnected',
        })
    })

    it('waits longer after each failure, and starts again with short waits after a success', () => {
        const waits: number[] = []
        for (let i = 0; i < 4; i++) {
            last().events.closed(1006)
            const state = connection.state
            if (state.phase !== 'waiting') throw new Error('not waiting')
            waits.push(state.retry_at_ms - clock.now())
            clock.pass(waits.at(-1)!)
        }
        expect(waits).toEqual([250, 500, 1000, 2000])
        sayHello()
        last().events.closed(1012)
        clock.pass(250)
        expect(sockets.length).toBe(6)
    })

    it('does not wait when told to retry now', () => {
        last().events.closed(1006)
        connection.retryNow()
        expect(sockets.length).toBe(2)
        connection.retryNow()
        expect(sockets.length).toBe(2)
    })

    it('gives up a socket on which nothing is answered', async () => {
        sayHello()
        const call = connection.call('getChannels', {}).catch((e: RequestError) => e.code)
        clock.pass(15_000)
        expect(await call).toBe('disconnected')
        expect(sockets[0]!.open).toBe(false)
        clock.pass(1000)
        expect(sockets.length).toBe(2)
    })

    it('gives up a socket that does not open', () => {
        clock.pass(10_000)
        expect(sockets[0]!.open).toBe(false)
        clock.pass(1000)
        expect(sockets.length).toBe(2)
    })

    it('moves when the server says so, at the moment it says', () => {
        sayHello()
        last().push({ ev: 'move', after_ms: 3000 })
        clock.pass(2999)
        expect(sockets.length).toBe(1)
        clock.pass(1)
        expect(sockets.length).toBe(2)
        expect(sockets[0]!.open).toBe(false)
        sayHello()
        expect(connection.state.phase).toBe('open')
    })

    it('ends with the session and stays away', async () => {
        sayHello()
        last().push({ ev: 'logged_out' })
        last().events.closed(4003)
        clock.pass(100_000)
        await settle()
        expect(log.filter((entry) => entry === 'ended!').length).toBe(1)
        expect(sockets.length).toBe(1)
    })

    it('ends when hello finds no session', () => {
        last().events.opened()
        last().answer('hello', { error: 'unauthenticated', message: 'Log in.' })
        expect(log).toContain('ended!')
    })

    it('waits as long as the server asks for', () => {
        last().events.opened()
        last().answer('hello', { error: 'unavailable', message: 'Later.', retry_after_ms: 7000 })
        clock.pass(7000)
        expect(sockets.length).toBe(1)
        clock.pass(1000)
        expect(sockets.length).toBe(2)
    })
})

describe('the back-off', () => {
    it('is anywhere between nothing and the limit', () => {
        expect(backoffMs(0, () => 0)).toBe(0)
        expect(backoffMs(0, () => 1)).toBe(500)
        expect(backoffMs(3, () => 1)).toBe(4000)
        expect(backoffMs(1000, () => 1)).toBe(30_000)
    })
})
