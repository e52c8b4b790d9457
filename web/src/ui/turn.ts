/*
 * Whose turn it is to send, among the tabs of one person: a Web Lock. Tabs queue for it, so that one
 * that goes is followed by another; one in which somebody writes takes it, because that tab is awake
 * and the one that has it may be frozen or without a connection. Plain http has no locks: there each
 * tab sends what it has, and the server takes every cmid once.
 */

import type { Turn } from '../store/outbox-storage'

export class LockTurn implements Turn {
    mine = false
    private readonly name: string
    private gained = (): void => {}
    private release = (): void => {}
    private over = false
    private queued = false

    constructor(user: number) {
        this.name = `parley.${user}.sender`
        if (navigator.locks) this.queue()
        else this.mine = true
    }

    take(): void {
        if (!this.mine) void this.request({ steal: true })
    }

    listen(gained: () => void): void {
        this.gained = gained
    }

    /* Give it back, and want it no more. */
    end(): void {
        this.over = true
        this.mine = false
        this.release()
    }

    private queue(): void {
        if (this.queued || this.over) return
        this.queued = true
        void this.request({})
    }

    /* Wait for it, have it until it is taken away or given back, and wait again. */
    private async request(options: LockOptions): Promise<void> {
        try {
            await navigator.locks.request(this.name, options, () => {
                if (!options.steal) this.queued = false
                return this.hold()
            })
        } catch {
            /* Another tab took it. */
            this.mine = false
            this.queue()
        }
    }

    private hold(): Promise<void> {
        if (this.over) return Promise.resolve()
        this.mine = true
        this.gained()
        return new Promise((resolve) => (this.release = resolve))
    }
}
