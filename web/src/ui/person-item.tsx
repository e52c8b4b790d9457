/* A person in a list, and whether they are there. */

import type { VNode } from 'preact'
import { words } from '../i18n/words'
import type { User } from '../protocol/types'
import { Avatar } from './avatar'
import { PresenceDot } from './presence-dot'

export function PersonItem({ user, me }: { user: User; me: number }): VNode {
    const name = user.display_name || user.name
    return (
        <>
            <span class="with-presence">
                <Avatar id={user.id} name={name} />
                <PresenceDot user={user.id} />
            </span>
            <span class="item-text">
                <b dir="auto">{user.id === me ? words().you(name) : name}</b>
                <small>@{user.name}</small>
            </span>
        </>
    )
}
