/*
 * One lasting connection to the server: opens the socket, says hello, matches answers to requests,
 * hands on pushed events, and connects again when the socket is lost.
 *
 * `onHello` runs inside the delivery of hello's answer, so that it has run before the first event.
 * A request whose answer is lost with its socket rejects with `disconnected`: the outcome is
 * unknown. Nothing is queued: a request made without a socket rejects at once.
 */

import { backoffMs } from './backoff'
import type { Clock, Timer } from './clock'
import { errorOf, RequestError } from './errors'
import type { Answer, Arguments, Hello, Operation, PushedEvent } from './types'

const HELLO_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 15_000
const PROBE_TIMEOUT_MS = 4_000
const POLICY_WAIT_MS = 10_000

/* What a socket is told to do, and what it tells. Nothing is told after close(). */
export interface Socket {
    send(text: string): void
    close(): void
}

export interface SocketEvents {
    opened(): void
    received(data: unknown): void
    closed(code: number): void
}

/* `lost_ms` is when there was last a usable socket, for a banner that must not flicker. */
export type ConnectionState =
    | { phase: 'open' }
    | { phase: 'connecting'; lost_ms: number }
    | { phase: 'waiting'; lost_ms: number; retry_at_ms: number }
    | { phase: 'ended' }

export interface ConnectionOptions {
    open(events: SocketEvents): Socket
    clock: Clock
    random?: () => number
    onState(state: ConnectionState): void
    onHello(hello: Hello): void
    onEvent(event: PushedEvent): void
    /* The session has ended: log in again. Nothing follows. */
    onEnded(): void
}

interface Pending {
    done(answer: unknown): void
    failed(error: RequestError): void
    timer: Timer
}

export class Connection {
    state: ConnectionState
    private socket: Socket | null = null
    private readonly pending = new Map<number, Pending>()
    private last_id = 0
    private tries = 0
    private lost_ms: number
    private timer: Timer | null = null

    constructor(private readonly options: ConnectionOptions) {
        this.lost_ms = options.clock.now()
        this.state = { phase: 'connecting', lost_ms: this.lost_ms }
    }

    start(): void {
        this.connect()
    }

    /* End for good. */
    stop(): void {
        this.become({ phase: 'ended' })
        this.drop()
    }

    /* Do not wait any longer before the next try. */
    retryNow(): void {
        if (this.state.phase === 'waiting') this.connect()
    }

    /* Find out soon whether the socket still works, for example after the computer slept. */
    probe(): void {
        if (this.state.phase === 'open') this.call('getMe', {}, PROBE_TIMEOUT_MS).catch(() => {})
        else this.retryNow()
    }

    call<Op extends Operation>(
        op: Op,
        args: Arguments<Op>,
        timeout_ms = REQUEST_TIMEOUT_MS,
    ): Promise<Answer<Op>> {
        return new Promise((resolve, reject) => {
            if (this.state.phase !== 'open') reject(lost())
            else this.request(op, args, timeout_ms, (a) => resolve(a as Answer<Op>), reject)
        })
    }

    private request(
        op: string,
        args: object,
        timeout_ms: number,
        done: (answer: unknown) => void,
        failed: (error: RequestError) => void,
    ): void {
        const id = ++this.last_id
        /* No answer for so long means a dead path, not a slow server: do not trust the socket. */
        const timer = this.options.clock.after(timeout_ms, () => this.lose(0))
        this.pending.set(id, { done, failed, timer })
        this.socket?.send(JSON.stringify({ ...args, id, op }))
    }

    private connect(): void {
        this.timer?.cancel()
        this.become({ phase: 'connecting', lost_ms: this.lost_ms })
        this.timer = this.options.clock.after(HELLO_TIMEOUT_MS, () => this.lose(0))
        this.socket = this.options.open({
            opened: () => this.sayHello(),
            received: (data) => this.receive(data),
            closed: (code) => this.closed(code),
        })
    }

    private sayHello(): void {
        this.request(
            'hello',
            {},
            HELLO_TIMEOUT_MS,
            (answer) => this.opened(answer as Hello),
            (error) => {
                if (error.code === 'unauthenticated') this.end()
                else if (error.code !== 'disconnected') this.lose(error.retry_after_ms ?? 0)
            },
        )
    }

    private opened(hello: Hello): void {
        this.timer?.cancel()
        this.tries = 0
        this.become({ phase: 'open' })
        this.options.onHello(hello)
    }

    private receive(data: unknown): void {
        if (typeof data !== 'string') return
        const frame = JSON.parse(data) as Record<string, unknown>
        if (typeof frame.re === 'number') this.answer(frame.re, frame)
        else if (frame.ev === 'move') this.move(Number(frame.after_ms))
        else if (frame.ev === 'logged_out') this.end()
        else if (typeof frame.ev === 'string') this.options.onEvent(frame as unknown as PushedEvent)
    }

    private answer(id: number, frame: unknown): void {
        const pending = this.pending.get(id)
        if (!pending) return
        this.pending.delete(id)
        pending.timer.cancel()
        const error = errorOf(frame)
        if (error) pending.failed(error)
        else pending.done(frame)
    }

    /* The server is going away and told us our moment to leave. */
    private move(after_ms: number): void {
        const socket = this.socket
        this.timer?.cancel()
        this.timer = this.options.clock.after(after_ms, () => {
            if (this.socket !== socket) return
            this.drop()
            this.lost_ms = this.options.clock.now()
            this.connect()
        })
    }

    private closed(code: number): void {
        if (code === 4003) this.end()
        else this.lose(code === 1008 ? POLICY_WAIT_MS : 0)
    }

    /* The socket is gone or not to be trusted: wait, at least `wait_ms`, and connect again. */
    private lose(wait_ms: number): void {
        if (this.state.phase === 'ended') return
        if (this.state.phase === 'open') this.lost_ms = this.options.clock.now()
        this.drop()
        const ms = wait_ms + backoffMs(this.tries++, this.options.random)
        this.become({
            phase: 'waiting',
            lost_ms: this.lost_ms,
            retry_at_ms: this.options.clock.now() + ms,
        })
        this.timer = this.options.clock.after(ms, () => this.connect())
    }

    private end(): void {
        if (this.state.phase === 'ended') return
        this.stop()
        this.options.onEnded()
    }

    private drop(): void {
        this.timer?.cancel()
        this.socket?.close()
        this.socket = null
        const pending = [...this.pending.values()]
        this.pending.clear()
        for (const each of pending) {
            each.timer.cancel()
            each.failed(lost())
        }
    }

    private become(state: ConnectionState): void {
        this.state = state
        this.options.onState(state)
    }
}

function lost(): RequestError {
    return new RequestError('disconnected', 'There is no connection to the server.')
}
