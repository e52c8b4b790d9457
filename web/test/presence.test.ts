/* Who is there, and whether anybody is here. */

import { beforeEach, describe, expect, it } from 'vitest'
import type { Call } from '../src/protocol/types'
import { Presence } from '../src/store/presence'
import { Idle } from '../src/ui/idle'
import { FakeClock, settle } from './support'

const MINUTE_MS = 60_000

let clock: FakeClock
let presence: Presence
let requests: [string, unknown][]

const call = (async (op: string, args: { users?: number[] }) => {
    requests.push([op, args])
    return { presence: (args.users ?? []).map((user) => ({ user, state: 'online' })) }
}) as unknown as Call

beforeEach(() => {
    clock = new FakeClock()
    requests = []
    presence = new Presence(call, clock)
})

describe('presence', () => {
    it('is asked for once for all that comes onto the screen together', async () => {
        presence.watch(7)
        presence.watch(9)
        presence.watch(7)
        clock.pass(100)
        await settle()
        expect(requests).toEqual([['watchPresence', { users: [7, 9] }]])
        expect(presence.of(7)).toBe('online')
        presence.receive(9, 'away')
        expect(presence.of(9)).toBe('away')
    })

    it('is watched as long as one thing on the screen shows it', async () => {
        const leave = [presence.watch(7), presence.watch(7)]
        clock.pass(100)
        leave[0]!()
        clock.pass(100)
        expect(requests.length).toBe(1)
        leave[1]!()
        clock.pass(100)
        await settle()
        expect(requests.at(-1)).toEqual(['watchPresence', { users: [] }])
        presence.receive(7, 'away')
        expect(presence.of(7)).toBeUndefined()
    })

    it('is watched again on a new connection, which learns of an absence', async () => {
        presence.watch(7)
        clock.pass(100)
        presence.set('away')
        requests = []
        presence.connected()
        clock.pass(100)
        expect(requests).toEqual([
            ['setPresence', { state: 'away' }],
            ['watchPresence', { users: [7] }],
        ])
    })

    it('of more people than the server takes is that of the last ones', () => {
        for (let user = 1; user <= 600; user++) presence.watch(user)
        clock.pass(100)
        const { users } = requests[0]![1] as { users: number[] }
        expect(users.length).toBe(500)
        expect(users.at(-1)).toBe(600)
    })
})

describe('idleness', () => {
    it('is told after ten minutes without a touch, and taken back with the next one', () => {
        const told: string[] = []
        const idle = new Idle(clock, (state) => told.push(state))
        clock.pass(9 * MINUTE_MS)
        idle.touch()
        clock.pass(9 * MINUTE_MS)
        expect(told).toEqual([])
        clock.pass(MINUTE_MS)
        expect(told).toEqual(['away'])
        idle.touch()
        expect(told).toEqual(['away', 'online'])
        clock.pass(10 * MINUTE_MS)
        expect(told).toEqual(['away', 'online', 'away'])
    })
})
