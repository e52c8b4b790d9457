/*
 * People, by id. Asking for somebody unknown puts the id on a list that is fetched in one request
 * a moment later; until then, and for people who do not exist, there is no answer.
 */

import { words } from '../i18n/words'
import type { Call, User } from '../protocol/types'
import { Signal } from './signal'

const IDS_MAX = 500
const GATHER_MS = 10

export class Users {
    readonly changed = new Signal()
    private readonly by_id = new Map<number, User>()
    private readonly wanted = new Set<number>()
    private readonly missing = new Set<number>()
    private gathering = false

    constructor(private readonly call: Call) {}

    put(users: readonly User[]): void {
        for (const user of users) this.by_id.set(user.id, user)
        if (users.length > 0) this.changed.notify()
    }

    get(id: number): User | undefined {
        const user = this.by_id.get(id)
        if (!user && !this.missing.has(id)) this.want(id)
        return user
    }

    /* What to call somebody on the page. */
    nameOf(id: number): string {
        const user = this.get(id)
        if (user) return user.display_name || user.name
        return this.missing.has(id) ? words().unknown : '…'
    }

    /* Fetch what is still wanted, for example after the connection came back. */
    fetchWanted(): void {
        if (this.gathering || this.wanted.size === 0) return
        this.gathering = true
        setTimeout(() => void this.fetch(), GATHER_MS)
    }

    private want(id: number): void {
        if (this.wanted.has(id)) return
        this.wanted.add(id)
        this.fetchWanted()
    }

    private async fetch(): Promise<void> {
        const ids = [...this.wanted].slice(0, IDS_MAX)
        try {
            const { users } = await this.call('getUsers', { ids })
            for (const user of users) this.by_id.set(user.id, user)
            for (const id of ids) {
                this.wanted.delete(id)
                if (!this.by_id.has(id)) this.missing.add(id)
            }
            this.gathering = false
            this.changed.notify()
            this.fetchWanted()
        } catch {
            this.gathering = false
        }
    }
}
