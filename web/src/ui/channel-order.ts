/* My channels in the order of the sidebar, which is also the order of the keyboard's way. */

import { compare, currentLanguage } from '../i18n/words'
import type { MyChannel } from '../store/channels'
import type { Chat } from '../store/chat'
import { channelName } from './channel-name'
import { fold } from './fuzzy'

export interface Entry {
    channel: MyChannel
    name: string
    /* The name as it is compared with what somebody types. */
    folded: string
}

export type SectionName = 'starred' | 'channels' | 'direct'
export type Sections = Record<SectionName, readonly Entry[]>

export const SECTIONS: readonly SectionName[] = ['starred', 'channels', 'direct']

/* Sorting thousands of names takes longer than a frame, so it is done once per change of them. */
let known: { chat: Chat; version: string; sections: Sections } | null = null

export function sectionsOf(chat: Chat): Sections {
    const { channels, users, marks } = chat
    const versions = [channels.list_version, users.changed.version, marks.changed.version]
    const version = `${versions.join()} ${currentLanguage()}`
    if (known?.chat !== chat || known.version !== version)
        known = { chat, version, sections: sort(chat) }
    return known.sections
}

function sort(chat: Chat): Sections {
    const entries = chat.channels.all().map((channel) => {
        const name = channelName(chat, channel)
        return { channel, name, folded: fold(name) }
    })
    entries.sort((a, b) => compare(a.name, b.name) || a.channel.id - b.channel.id)
    const sectionOf = ({ channel }: Entry): SectionName => {
        if (chat.marks.isStarred(channel.id)) return 'starred'
        return channel.kind === 'direct' ? 'direct' : 'channels'
    }
    const of = (name: SectionName) => entries.filter((entry) => sectionOf(entry) === name)
    return { starred: of('starred'), channels: of('channels'), direct: of('direct') }
}

/* The channel before or after one, round and round, of those that are wanted. */
export function neighbour(
    chat: Chat,
    current: number | null,
    step: 1 | -1,
    wanted: (channel: MyChannel) => boolean,
): number | null {
    const sections = sectionsOf(chat)
    const all = SECTIONS.flatMap((name) => sections[name]).map((entry) => entry.channel)
    const at = all.findIndex((channel) => channel.id === current)
    const start = at < 0 && step < 0 ? 0 : at
    for (let i = 1; i <= all.length; i++) {
        const channel = all[(start + step * i + all.length * 2) % all.length]!
        if (channel.id !== current && wanted(channel)) return channel.id
    }
    return null
}
