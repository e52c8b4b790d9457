/*
 * The conversations that are held in memory, the most recently opened ones, and how their history
 * gets there: pages on demand, live events, and the repair of what was missed.
 */

import { messageOf, RequestError } from '../protocol/errors'
import { resume, type Resumed } from '../protocol/resume'
import type { Call, ChannelEvent } from '../protocol/types'
import { Conversation, type PageName } from './conversation'
import { firstOf, lastOf } from './timeline'

const CONVERSATIONS_MAX = 8
const PAGE_LIMIT = 100
/* What one repair fetches at most, in answers of about 256 KiB. */
const REPAIR_PAGES_MAX = 4

export interface HistoryOptions {
    call: Call
    headOf(channel: number): number
    /* Events arrived in a conversation, whichever way. */
    onEvents(events: readonly ChannelEvent[]): void
}

export class History {
    /* In the order in which they were last opened. */
    private readonly conversations = new Map<number, Conversation>()

    constructor(private readonly options: HistoryOptions) {}

    get(channel: number): Conversation | undefined {
        return this.conversations.get(channel)
    }

    /*
     * The conversation of a channel that is being opened: after a seq where there is something new,
     * else where it was left, or at its end.
     */
    open(channel: number, after_seq: number | null): Conversation {
        const held = this.conversations.get(channel)
        const fits = held && (after_seq === null || held.view.showAt(after_seq))
        const conversation = fits ? held : new Conversation(channel)
        if (!conversation.loaded) conversation.begin_seq = after_seq
        this.conversations.delete(channel)
        this.conversations.set(channel, conversation)
        for (const old of this.conversations.keys()) {
            if (this.conversations.size <= CONVERSATIONS_MAX) break
            this.conversations.delete(old)
        }
        if (!conversation.loaded) void this.loadFirst(conversation)
        return conversation
    }

    close(channel: number): void {
        this.conversations.delete(channel)
    }

    /* Something just happened in a channel. False if it will be shown only when the gap before it
     * is filled. */
    push(event: ChannelEvent): boolean {
        const conversation = this.conversations.get(event.channel)
        if (!conversation?.loaded) return true
        const linked = conversation.push(event)
        if (linked) this.options.onEvents([event])
        else if (conversation.keeps_up) void this.repair([conversation])
        return linked
    }

    /* The connection is new: fetch what was missed, and what could not be fetched without it. */
    connected(): void {
        const missed: Conversation[] = []
        for (const conversation of this.conversations.values()) {
            if (!conversation.loaded) void this.loadFirst(conversation)
            else if (conversation.keeps_up && this.isBehind(conversation)) missed.push(conversation)
            conversation.changed.notify()
        }
        void this.repair(missed)
    }

    /* The page with which reading begins. */
    async loadFirst(conversation: Conversation): Promise<void> {
        const seq = conversation.begin_seq
        if (seq === null) return this.loadLatest(conversation)
        await this.load(conversation, 'around', seq > 0 ? { around: seq } : { after: 0 })
        if (!conversation.loaded) return
        if (this.isBehind(conversation)) leaveBehind(conversation)
    }

    async loadLatest(conversation: Conversation): Promise<void> {
        await this.load(conversation, 'latest', {})
        if (!conversation.loaded) return
        conversation.keeps_up = true
        /* What happened while the page was on its way is not in it. */
        if (this.isBehind(conversation)) void this.repair([conversation])
    }

    /* The page before the range that is shown. */
    async loadBefore(conversation: Conversation): Promise<void> {
        const slice = conversation.view.slice()
        if (!slice || conversation.timeline.beginsAtStart(slice.range)) return
        await this.load(conversation, 'before', { before: firstOf(slice.range).seq })
    }

    /* The page after the range that is shown. */
    async loadAfter(conversation: Conversation): Promise<void> {
        const slice = conversation.view.slice()
        if (!slice || conversation.timeline.reachesHead(slice.range)) return
        await this.load(conversation, 'after', { after: lastOf(slice.range).seq })
    }

    private async load(
        conversation: Conversation,
        what: PageName,
        position: { before?: number; after?: number; around?: number },
    ): Promise<void> {
        if (conversation.loading.has(what)) return
        conversation.loading.add(what)
        try {
            const page = await this.options.call('getMessages', {
                channel: conversation.channel,
                limit: PAGE_LIMIT,
                ...position,
            })
            this.loaded(conversation, page.events, page.more_before)
            if (what === 'before' && page.events.length === 0 && position.before !== undefined)
                conversation.timeline.markStart(position.before)
            if (what === 'latest') conversation.loaded = true
            if (what === 'around') this.beginReading(conversation, page.events)
            conversation.trouble = null
            if (conversation.timeline.live) conversation.keeps_up = true
        } catch (thrown) {
            if (!(thrown instanceof RequestError)) throw thrown
            conversation.trouble = thrown.code === 'disconnected' ? null : messageOf(thrown)
        } finally {
            conversation.loading.delete(what)
            conversation.changed.notify()
        }
    }

    private loaded(
        conversation: Conversation,
        events: readonly ChannelEvent[],
        more_before: boolean,
    ): void {
        const first = events[0]
        if (first && !more_before) conversation.timeline.markStart(first.seq)
        this.options.onEvents(events)
        conversation.add(events)
    }

    /* The first page is here: show the place where reading begins. */
    private beginReading(conversation: Conversation, events: readonly ChannelEvent[]): void {
        conversation.loaded = true
        const first = events[0]
        const seq = conversation.begin_seq
        if (first && seq !== null && conversation.view.follow)
            conversation.view.showAt(Math.max(seq, first.seq))
    }

    /* Whether the newest event is not held, by what is known of the channel now. */
    private isBehind(conversation: Conversation): boolean {
        const timeline = conversation.timeline
        timeline.head_seq = Math.max(timeline.head_seq, this.options.headOf(conversation.channel))
        return !timeline.live
    }

    private async repair(conversations: readonly Conversation[]): Promise<void> {
        const idle = conversations.filter((conversation) => !conversation.repairing)
        if (idle.length === 0) return
        for (const conversation of idle) conversation.repairing = true
        const have = new Map(idle.map((each) => [each.channel, each.timeline.tailSeq]))
        const outcome = new Map<number, Resumed>()
        let lost = false
        try {
            await resume(this.options.call, have, REPAIR_PAGES_MAX, (resumed) => {
                outcome.set(resumed.channel, resumed)
                const conversation = this.conversations.get(resumed.channel)
                if (conversation) this.loaded(conversation, resumed.events, true)
            })
        } catch {
            lost = true
        }
        for (const conversation of idle) conversation.repairing = false
        /* Without an answer the next connection repairs. */
        if (lost) return
        for (const conversation of idle) {
            if (!outcome.get(conversation.channel)?.complete) leaveBehind(conversation)
            conversation.changed.notify()
        }
        /* What happened meanwhile could not be linked either. */
        const progressed = (each: Conversation) => each.timeline.tailSeq > have.get(each.channel)!
        void this.repair(
            idle.filter((each) => each.keeps_up && !each.timeline.live && progressed(each)),
        )
    }
}

/* Too much was missed to fetch it all: the reader stays where they are and scrolls to the rest. */
function leaveBehind(conversation: Conversation): void {
    conversation.keeps_up = false
    conversation.view.follow = false
}
