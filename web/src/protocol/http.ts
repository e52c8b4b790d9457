/*
 * Operations by HTTP: what has to work before there is a socket, and what sets the session cookie.
 */

import { errorOf, RequestError } from './errors'
import type { User } from './types'

async function request(op: string, init: RequestInit): Promise<unknown> {
    let response: Response
    try {
        response = await fetch(`/api/v1/${op}`, { credentials: 'same-origin', ...init })
    } catch {
        throw new RequestError('disconnected', 'The server cannot be reached. Try again.')
    }
    const answer: unknown = await response.json().catch(() => null)
    const error = errorOf(answer)
    if (error) throw error
    if (!response.ok || answer === null)
        throw new RequestError('unavailable', `The server answered ${response.status}. Try again.`)
    return answer
}

function post(op: string, args: object): Promise<unknown> {
    return request(op, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(args),
    })
}

export interface SignUp {
    name: string
    password: string
    display_name?: string
}

export async function signUp(args: SignUp): Promise<User> {
    return ((await post('signUp', args)) as { user: User }).user
}

export async function logIn(args: { name: string; password: string }): Promise<User> {
    return ((await post('logIn', args)) as { user: User }).user
}

export async function logOut(): Promise<void> {
    await post('logOut', {})
}

/* The person whose session cookie the browser holds; rejects with `unauthenticated` without one. */
export async function getMe(): Promise<User> {
    return ((await request('getMe', {})) as { user: User }).user
}
