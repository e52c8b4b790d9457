/*
 * The objects of the protocol, by the names that docs/PROTOCOL.md gives them. Fields that are not
 * listed there are ignored, and so are events of an unknown kind.
 */

export interface User {
    id: number
    name: string
    display_name: string
    role: 'owner' | 'admin' | 'member'
    active: boolean
    status_text: string
    status_emoji: string
}

export interface Channel {
    id: number
    kind: 'public' | 'private' | 'direct'
    name: string
    topic: string
    members: number
    member: boolean
    last_seq: number
    last_n: number
    read_seq?: number
    unread?: number
    users?: number[]
}

/* One entry of a channel's history. */
interface HistoryEvent {
    channel: number
    seq: number
    prev: number
    n: number
    from: number
    ts_us: number
}

export interface MessageEvent extends HistoryEvent {
    ev: 'message'
    cmid: string
    text: string
    thread?: number
    edited_seq?: number
    edited_us?: number
    deleted?: boolean
    reactions?: Reaction[]
}

export interface Reaction {
    emoji: string
    count: number
    users: number[]
}

/* Something was done to the message at `target`. */
export interface ChangeEvent extends HistoryEvent {
    ev: 'edit' | 'delete' | 'react' | 'unreact'
    target: number
    text?: string
    emoji?: string
    deleted?: boolean
}

export interface SystemEvent extends HistoryEvent {
    ev: 'create' | 'join' | 'leave' | 'rename' | 'topic' | 'archive' | 'unarchive'
    name?: string
    topic?: string
}

export type ChannelEvent = MessageEvent | ChangeEvent | SystemEvent

export type PresenceState = 'online' | 'away' | 'offline'

/* What is pushed but is no part of the history. */
export type LiveEvent =
    | { ev: 'joined'; channel: Channel }
    | { ev: 'left'; channel: number }
    | { ev: 'read'; channel: number; read_seq: number; unread: number }
    | { ev: 'behind'; channels: { channel: number; last_seq: number }[] }
    | { ev: 'move'; after_ms: number }
    | { ev: 'logged_out' }
    | { ev: 'presence'; user: number; state: PresenceState }

export type PushedEvent = ChannelEvent | LiveEvent

export interface Hello {
    user: User
    channels: Channel[]
    server: { version: string }
}

export interface Ack {
    channel: number
    seq: number
    prev: number
    n: number
    ts_us: number
    duplicate?: boolean
}

export interface Page {
    events: ChannelEvent[]
    more_before: boolean
    more_after: boolean
}

export interface ResumedChannel {
    channel: number
    events?: ChannelEvent[]
    last_seq?: number
    complete?: boolean
    error?: string
}

/* Every operation that the client uses, with its arguments and its answer. */
export interface Operations {
    getMe: [Record<string, never>, { user: User }]
    logOut: [Record<string, never>, Record<string, never>]
    getUsers: [{ ids?: number[]; after?: number; limit?: number }, { users: User[]; next?: number }]
    createChannel: [{ name: string; topic?: string }, { channel: Channel }]
    listChannels: [{ after?: number; limit?: number }, { channels: Channel[]; next?: number }]
    getChannels: [Record<string, never>, { channels: Channel[] }]
    getMembers: [
        { channel: number; after?: number; limit?: number },
        { users: User[]; next?: number },
    ]
    joinChannel: [{ channel: number }, { channel: Channel }]
    leaveChannel: [{ channel: number }, Record<string, never>]
    openDirect: [{ users: number[] }, { channel: Channel }]
    sendMessage: [{ channel: number; text: string; cmid: string; thread?: number }, Ack]
    getMessages: [
        { channel: number; before?: number; after?: number; around?: number; limit?: number },
        Page,
    ]
    resume: [{ have: [number, number][] }, { channels: ResumedChannel[] }]
    watchPresence: [
        { users: number[] },
        { presence: { user: number; state: PresenceState }[] },
    ]
    setPresence: [{ state: 'online' | 'away' }, Record<string, never>]
    markRead: [{ channel: number; seq: number }, { read_seq: number; unread: number }]
}

export type Operation = keyof Operations
export type Arguments<Op extends Operation> = Operations[Op][0]
export type Answer<Op extends Operation> = Operations[Op][1]

/* Ask the server for one operation. Rejects with a RequestError and nothing else. */
export type Call = <Op extends Operation>(op: Op, args: Arguments<Op>) => Promise<Answer<Op>>
