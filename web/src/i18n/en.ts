/* The words of the page in English. Every other catalogue has the same ones, or does not compile. */

const plural = new Intl.PluralRules('en')

function count(n: number, one: string, other: string): string {
    const number = new Intl.NumberFormat('en').format(n)
    return `${number} ${plural.select(n) === 'one' ? one : other}`
}

export const en = {
    /* General */
    close: 'Close',
    cancel: 'Cancel',
    create: 'Create',
    try_again: 'Try again',
    delete: 'Delete',
    loading: 'Loading…',
    nobody_of_that_name: 'There is nobody of that name.',
    members: (n: number) => count(n, 'member', 'members'),
    you: (name: string) => `${name} (you)`,
    unknown: 'unknown',

    /* Log in, sign up, log out */
    log_in: 'Log in',
    sign_up: 'Sign up',
    log_out: 'Log out',
    log_in_title: 'Log in to Parley',
    sign_up_title: 'Create your account',
    name: 'Name',
    name_hint: 'You log in with it: a-z, 0-9, dot, dash, underscore.',
    display_name: 'Your name as others see it (optional)',
    password: 'Password',
    password_hint: 'At least 8 characters.',
    have_account: 'You have an account?',
    new_here: 'New here?',
    session_ended: 'Your session has ended. Log in again.',
    still_logged_in: (why: string) => `You are still logged in. ${why}`,
    leave_unsent: (n: number) =>
        `${count(n, 'message has', 'messages have')} not been sent. Log out and delete what was not sent?`,

    /* Connection */
    no_connection: 'No connection to the server.',
    trying_again_in: (seconds: number) => `Trying again in ${seconds} s.`,
    connecting: 'Connecting…',
    retry_now: 'Retry now',

    /* Sidebar */
    sidebar: 'Channels',
    starred: 'Starred',
    channels: 'Channels',
    direct_messages: 'Direct messages',
    find_conversation: 'Find a conversation',
    filter: 'Filter',
    nothing_found: 'Nothing of that name.',
    browse_channels: 'Browse channels',
    create_channel: 'Create a channel',
    new_direct: 'New direct message',
    preferences: 'Preferences',
    unread: 'unread',
    mentions: (n: number) => count(n, 'mention', 'mentions'),
    draft: 'draft',
    muted: 'muted',

    /* Dialogs */
    find_channel: 'Find a channel',
    no_such_channel: 'There is no such channel.',
    open: 'Open',
    join: 'Join',
    channel_name_hint: 'Letters, digits, - and _',
    topic: 'Topic (optional)',
    find_person: 'Find a person',
    remove_person: (name: string) => `Remove ${name}`,
    people_max: (n: number) => `That is as many as fit: ${n} people and you.`,
    start_conversation: 'Start conversation',
    chosen_people: 'To',
    find_member: (n: number) => `Find among ${count(n, 'member', 'members')}`,
    leave_channel: 'Leave channel',
    star: 'Star',
    unstar: 'Remove star',
    notify_about: 'Notify me about',
    level_all: 'Every message',
    level_mentions: 'Mentions',
    level_none: 'Nothing (muted)',

    /* One channel */
    show_channels: 'Show channels',
    show_members: (n: number) => `${count(n, 'member', 'members')}, show details`,
    messages_in: (channel: string) => `Messages in ${channel}`,
    message_to: (channel: string) => `Message ${channel}`,
    send: 'Send',
    send_hint: 'Send (Enter)',
    too_long: (n: number) =>
        `This message is too long by ${count(n, 'byte', 'bytes')}. Send it in parts.`,
    start_of_channel: 'This is the beginning of the channel.',
    start_of_direct: (names: string) =>
        `This is the beginning of your conversation with ${names}.`,
    start_of_own: 'Only you can read this: a place for notes.',
    new_messages: 'New messages',
    jump_to_latest: 'Jump to latest',
    n_new: (n: number) => count(n, 'new message', 'new messages'),
    deleted: 'This message was deleted.',
    edited: '(edited)',
    did: {
        create: 'created this channel',
        join: 'joined',
        leave: 'left',
        rename: 'renamed this channel',
        topic: 'changed the topic',
        archive: 'archived this channel',
        unarchive: 'opened this channel again',
    },
    reply_to: 'reply to',
    reply_in_thread: 'reply in a thread',
    sending: 'Sending…',
    waiting: 'Waiting for the connection',
    not_sent: (why: string) => `Not sent. ${why}`,
    today: 'Today',
    yesterday: 'Yesterday',

    /* No channel */
    welcome: 'Welcome to Parley',
    welcome_hint: 'Browse the channels, create one, or write to somebody: it is all on the left.',
    not_a_member: 'You are not a member of this channel',
    join_it: 'Join it',

    /* Presence */
    presence: { online: 'online', away: 'away', offline: 'offline' },

    /* Switcher and keyboard */
    switcher: 'Go to a conversation',
    switcher_hint: 'Where do you want to go?',
    keyboard: 'Keyboard shortcuts',
    group_go: 'Getting around',
    group_read: 'Reading',
    group_write: 'Writing',
    key: {
        switcher: 'Go to a conversation',
        shortcuts: 'Show these shortcuts',
        channel: 'Previous or next conversation',
        unread: 'Previous or next unread one',
        region: 'Next or previous part of the page',
        arrows: 'From message to message',
        ends: 'Oldest or newest on the page',
        mark_read: 'Mark the conversation read',
        send: 'Send',
        line: 'New line',
        complete: 'Complete a person, channel or emoji',
        choose: 'Choose a suggestion',
    },

    /* Composer completion */
    suggestions: 'Suggestions',

    /* Notifications */
    notifications: 'Desktop notifications',
    notifications_ask: 'Do you want to be told of new messages when this window is not in front?',
    notifications_on: 'Turn on',
    notifications_later: 'Not now',
    notifications_denied: 'Your browser blocks them for this page. Allow them in its settings.',
    notifications_unsupported: 'This browser has none, or the page is not served by https.',

    /* Preferences */
    theme: 'Theme',
    themes: { system: 'Like the system', light: 'Light', dark: 'Dark' },
    language: 'Language',
    language_system: 'Like the browser',
}
