/*
 * What one person set for single channels: a star, and what to be notified about. Kept in this
 * browser, because the protocol has no place for it yet.
 */

import type { MyChannel } from './channels'
import { Signal } from './signal'
import type { Storage } from './storage'

export type Level = 'all' | 'mentions' | 'none'

interface Mark {
    starred?: true
    level?: Level
}

export class Marks {
    readonly changed = new Signal()
    private marks = new Map<number, Mark>()

    constructor(
        private readonly storage: Storage,
        private readonly key: string,
    ) {
        this.reload()
    }

    isStarred(channel: number): boolean {
        return this.marks.get(channel)?.starred === true
    }

    star(channel: number, starred: boolean): void {
        const { starred: _before, ...rest } = this.marks.get(channel) ?? {}
        this.set(channel, starred ? { ...rest, starred } : rest)
    }

    /* Without a choice: direct messages always, channels when one is mentioned. */
    levelOf(channel: MyChannel): Level {
        const usual = channel.kind === 'direct' ? 'all' : 'mentions'
        return this.marks.get(channel.id)?.level ?? usual
    }

    setLevel(channel: number, level: Level): void {
        this.set(channel, { ...this.marks.get(channel), level })
    }

    /* Another tab may have changed them. */
    reload(): void {
        this.marks = new Map(parse(this.storage.get(this.key)))
        this.changed.notify()
    }

    clear(): void {
        this.marks.clear()
        this.storage.remove(this.key)
    }

    private set(channel: number, mark: Mark): void {
        this.marks.set(channel, mark)
        this.storage.set(this.key, JSON.stringify([...this.marks]))
        this.changed.notify()
    }
}

function parse(text: string | null): [number, Mark][] {
    try {
        const pairs: unknown = JSON.parse(text ?? '[]')
        return Array.isArray(pairs) ? (pairs as [number, Mark][]) : []
    } catch {
        return []
    }
}
