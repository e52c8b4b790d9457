/*
 * Sends what is in the outbox: one message of a channel after the other, each only after the ack of
 * the one before, so that they arrive in the order in which they were written, whatever fails. A
 * message whose outcome is unknown is sent again with the same cmid. Only the tab whose turn it is
 * sends; another one that takes over begins with what has no ack yet.
 */

import { backoffMs } from '../protocol/backoff'
import type { Clock } from '../protocol/clock'
import type { RequestError } from '../protocol/errors'
import type { Ack, Call } from '../protocol/types'
import type { Outbox, OutgoingMessage } from './outbox'
import type { Turn } from './outbox-storage'

export interface SenderOptions {
    call: Call
    clock: Clock
    turn: Turn
    random?: () => number
    /* Takes the message out of the outbox. */
    onAck(message: OutgoingMessage, ack: Ack): void
}

export class Sender {
    /* Channels with a message under way or a pause before the next try. */
    private readonly busy = new Set<number>()

    constructor(
        private readonly outbox: Outbox,
        private readonly options: SenderOptions,
    ) {}

    /* The connection is there: send everything that waits. */
    start(): void {
        for (const channel of this.outbox.channels()) this.kick(channel)
    }

    /* Send what waits in one channel, if that is not going on already. */
    kick(channel: number): void {
        if (this.busy.has(channel)) return
        this.busy.add(channel)
        void this.drain(channel)
    }

    private async drain(channel: number): Promise<void> {
        for (let tries = 0; this.options.turn.mine; ) {
            const message = this.outbox.of(channel).find(isToBeSent)
            if (!message) break
            await this.outbox.kept(message.cmid)
            if (!this.outbox.get(message.cmid)) continue
            const error = await this.send(message)
            if (!error) tries = 0
            else if (error.code === 'disconnected') break
            else if (error.retryable) await this.pause(error, tries++)
        }
        this.busy.delete(channel)
    }

    private async send(message: OutgoingMessage): Promise<RequestError | null> {
        const { cmid, channel, text, thread } = message
        this.outbox.sending(cmid)
        let ack: Ack
        try {
            ack = await this.options.call('sendMessage', { channel, text, cmid, thread })
        } catch (thrown) {
            const error = thrown as RequestError
            if (error.retryable) this.outbox.waiting(cmid)
            else this.outbox.failed(cmid, error.message)
            return error
        }
        this.options.onAck(message, ack)
        return null
    }

    private pause(error: RequestError, tries: number): Promise<void> {
        const ms = (error.retry_after_ms ?? 0) + backoffMs(tries, this.options.random)
        return new Promise((resolve) => this.options.clock.after(ms, resolve))
    }
}

function isToBeSent(message: OutgoingMessage): boolean {
    return message.state === 'waiting' || message.state === 'sending'
}
