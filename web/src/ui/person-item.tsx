/* A person in a list. */

import type { VNode } from 'preact'
import type { User } from '../protocol/types'
import { Avatar } from './avatar'

export function PersonItem({ user, me }: { user: User; me: number }): VNode {
    const name = user.display_name || user.name
    return (
        <>
            <Avatar id={user.id} name={name} />
            <span class="item-text">
                <b dir="auto">
                    {name}
                    {user.id === me && ' (you)'}
                </b>
                <small>@{user.name}</small>
            </span>
        </>
    )
}
