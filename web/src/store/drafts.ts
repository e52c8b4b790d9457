/* What was typed into a channel's composer and not sent; outlives the page. */

import type { Storage } from './storage'

export class Drafts {
    constructor(
        private readonly storage: Storage,
        private readonly prefix: string,
    ) {}

    get(channel: number): string {
        return this.storage.get(this.prefix + channel) ?? ''
    }

    set(channel: number, text: string): void {
        if (text === '') this.storage.remove(this.prefix + channel)
        else this.storage.set(this.prefix + channel, text)
    }

    clear(): void {
        for (const key of this.storage.keys())
            if (key.startsWith(this.prefix)) this.storage.remove(key)
    }
}
