/* Stars, notification levels, drafts, preferences and mentions. */

import { describe, expect, it } from 'vitest'
import { chooseLanguage } from '../src/i18n/words'
import { Channels, type MyChannel } from '../src/store/channels'
import { Drafts } from '../src/store/drafts'
import { Marks } from '../src/store/marks'
import { Mentions } from '../src/store/mentions'
import { Preferences } from '../src/store/preferences'
import { memoryStorage } from '../src/store/storage'
import { message } from './support'

const channel = (id: number, kind: 'public' | 'direct' = 'public') =>
    ({
        id,
        kind,
        name: `c${id}`,
        topic: '',
        members: 2,
        member: true,
        last_seq: 10,
        last_n: 10,
        read_seq: 10,
        unread: 0,
    }) as const

describe('marks', () => {
    it('are kept, and what is broken is forgotten', () => {
        const storage = memoryStorage()
        const marks = new Marks(storage, 'marks')
        marks.star(5, true)
        marks.setLevel(5, 'none')
        const again = new Marks(storage, 'marks')
        expect(again.isStarred(5)).toBe(true)
        again.star(5, false)
        expect(new Marks(storage, 'marks').isStarred(5)).toBe(false)
        expect(again.levelOf({ id: 5, kind: 'public' } as MyChannel)).toBe('none')
        storage.set('marks', '{"not": "pairs"}')
        expect(new Marks(storage, 'marks').isStarred(5)).toBe(false)
    })

    it('notify about every direct message and about mentions elsewhere, if nothing is chosen', () => {
        const marks = new Marks(memoryStorage(), 'marks')
        expect(marks.levelOf({ id: 1, kind: 'direct' } as MyChannel)).toBe('all')
        expect(marks.levelOf({ id: 2, kind: 'public' } as MyChannel)).toBe('mentions')
    })
})

describe('mentions', () => {
    it('count until they are read', () => {
        const channels = new Channels()
        channels.replace([channel(5)])
        const mentions = new Mentions(1, channels)
        mentions.see([
            message(9, 8, { text: 'read long ago <@1>' }),
            message(11, 10, { text: 'hello <@1>' }),
            message(12, 11, { text: 'hello <@12>' }),
            message(13, 12, { text: 'mine <@1>', from: 1 }),
        ])
        mentions.see([message(11, 10, { text: 'hello <@1>' })])
        expect(mentions.count(5)).toBe(1)
        for (const event of [message(11, 10), message(12, 11)]) channels.apply(event)
        channels.read(5, 12, 12)
        expect(mentions.count(5)).toBe(0)
    })
})

describe('drafts', () => {
    it('tell when a channel gets one and when it has none any more', () => {
        const storage = memoryStorage()
        const drafts = new Drafts(storage, 'draft.')
        for (const text of ['h', 'he', '']) drafts.set(5, text)
        expect(drafts.changed.version).toBe(2)
        drafts.set(6, 'kept')
        expect(new Drafts(storage, 'draft.').has(6)).toBe(true)
    })
})

describe('preferences', () => {
    it('are kept, and read again when another tab changed them', () => {
        const storage = memoryStorage()
        const here = new Preferences(storage)
        const there = new Preferences(storage)
        here.set('theme', 'dark')
        there.reload()
        expect(there.get('theme')).toBe('dark')
        expect(there.get('language')).toBeNull()
    })

    it('take the first language of the browser that there are words for', () => {
        expect(chooseLanguage(['fr-FR', 'ja-JP', 'en'])).toBe('ja')
        expect(chooseLanguage(['fr'])).toBe('en')
    })
})
