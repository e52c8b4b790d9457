/*
 * What was typed into a channel's composer and not sent; outlives the page, and is the same in every
 * tab. `changed` says when the set of channels with a draft changes, or a draft changed elsewhere.
 */

import { Signal } from './signal'
import type { Storage } from './storage'

export class Drafts {
    readonly changed = new Signal()
    private readonly by_channel = new Map<number, string>()

    constructor(
        private readonly storage: Storage,
        private readonly prefix: string,
    ) {
        for (const key of storage.keys()) this.load(key)
    }

    get(channel: number): string {
        return this.by_channel.get(channel) ?? ''
    }

    has(channel: number): boolean {
        return this.by_channel.has(channel)
    }

    set(channel: number, text: string): void {
        const had = this.has(channel)
        if (text === '') {
            this.by_channel.delete(channel)
            this.storage.remove(this.prefix + channel)
            this.storage.remove(this.namesKey(channel))
        } else {
            this.by_channel.set(channel, text)
            this.storage.set(this.prefix + channel, text)
        }
        if (had !== this.has(channel)) this.changed.notify()
    }

    /* What stands for what in the draft: the names of people and channels for their codes. */
    names(channel: number): Map<string, string> {
        const stored = this.storage.get(this.namesKey(channel))
        return new Map(stored === null ? [] : (JSON.parse(stored) as [string, string][]))
    }

    setNames(channel: number, names: ReadonlyMap<string, string>): void {
        this.storage.set(this.namesKey(channel), JSON.stringify([...names]))
    }

    /* Another tab wrote to the storage; null stands for all of it. */
    changedElsewhere(key: string | null): void {
        if (key === null) this.by_channel.clear()
        else if (!key.startsWith(this.prefix)) return
        else this.load(key)
        this.changed.notify()
    }

    clear(): void {
        for (const channel of [...this.by_channel.keys()]) this.set(channel, '')
    }

    private namesKey(channel: number): string {
        return `${this.prefix}${channel}.names`
    }

    private load(key: string): void {
        const channel = key.startsWith(this.prefix) ? Number(key.slice(this.prefix.length)) : NaN
        if (!Number.isSafeInteger(channel)) return
        const text = this.storage.get(key)
        if (text) this.by_channel.set(channel, text)
        else this.by_channel.delete(channel)
    }
}
