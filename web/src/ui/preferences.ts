/* The preferences of this browser: one for the whole page, followed by its looks and its words. */

import { chooseLanguage, setLanguage } from '../i18n/words'
import { Preferences } from '../store/preferences'
import { browserStorage } from '../store/storage'
import { showTheme } from './theme'

export const preferences = new Preferences(browserStorage())

export function followPreferences(): void {
    const follow = () => {
        showTheme(preferences.get('theme'))
        const language = preferences.get('language') ?? chooseLanguage(navigator.languages)
        setLanguage(language)
        document.documentElement.lang = language
    }
    follow()
    preferences.changed.subscribe(follow)
    addEventListener('storage', () => preferences.reload())
}
