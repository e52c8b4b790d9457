/* Which channel to open when the address names none: the one that was open last. */

import type { MyChannel } from '../store/channels'
import type { Storage } from '../store/storage'

export class LastChannel {
    constructor(
        private readonly storage: Storage,
        private readonly key: string,
    ) {}

    set(channel: number): void {
        this.storage.set(this.key, String(channel))
    }

    choose(channels: readonly MyChannel[]): number | null {
        const last = Number(this.storage.get(this.key))
        const found = channels.find((channel) => channel.id === last) ?? channels[0]
        return found?.id ?? null
    }
}
