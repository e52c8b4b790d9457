/* A dot on the page's icon while something asks for an answer. */

import dotted from '../icon-dot.svg'
import plain from '../icon.svg'

export function showFavicon(with_dot: boolean): void {
    const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
    const href = with_dot ? dotted : plain
    if (link && !link.href.endsWith(href)) link.href = href
}
