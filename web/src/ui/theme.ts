/* Light or dark, as the person chose or as the system is now. The style sheet goes by the attribute. */

import type { Theme } from '../store/preferences'

const dark = matchMedia('(prefers-color-scheme: dark)')
let theme: Theme = 'system'

export function showTheme(chosen: Theme): void {
    theme = chosen
    apply()
}

function apply(): void {
    const shown = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme
    document.documentElement.dataset.theme = shown
}

dark.addEventListener('change', apply)
