/*
 * The address bar: which page is shown, real history with back and forward. A click on a link to a
 * page of ours is taken here; every other link is the browser's.
 */

import { Signal } from '../store/signal'

export type Route =
    { page: 'home' } | { page: 'login' } | { page: 'signup' } | { page: 'channel'; channel: number }

export const routeChanged = new Signal()

export function currentRoute(): Route {
    const path = location.pathname
    const channel = /^\/c\/(\d{1,15})$/.exec(path)
    if (channel) return { page: 'channel', channel: Number(channel[1]) }
    if (path === '/login') return { page: 'login' }
    if (path === '/signup') return { page: 'signup' }
    return { page: 'home' }
}

export function go(path: string): void {
    if (path !== location.pathname) history.pushState(null, '', path)
    routeChanged.notify()
}

/* Go there without leaving the present page in the history. */
export function replace(path: string): void {
    if (path !== location.pathname) history.replaceState(null, '', path)
    routeChanged.notify()
}

export function listenToHistory(): void {
    addEventListener('popstate', () => routeChanged.notify())
    addEventListener('click', (click) => {
        const link = (click.target as Element).closest?.('a')
        const plain = click.button === 0 && !click.ctrlKey && !click.metaKey && !click.shiftKey
        if (!link || !plain || link.target || link.origin !== location.origin) return
        click.preventDefault()
        go(link.pathname)
    })
}
