/* All keyboard shortcuts at a glance. */

import type { VNode } from 'preact'
import { words } from '../i18n/words'
import { Dialog } from './dialog'
import { HELP, is_mac } from './shortcuts'

export function ShortcutsDialog({ close }: { close(): void }): VNode {
    return (
        <Dialog title={words().keyboard} close={close} class="shortcuts">
            {HELP.map(([group, entries]) => (
                <section key={group}>
                    <h3>{words()[group]}</h3>
                    <dl>
                        {entries.map(({ keys, what }) => (
                            <div key={what}>
                                <dt>{words().key[what]}</dt>
                                <dd>
                                    {keys.map((key) => (
                                        <kbd key={key}>{nameOf(key)}</kbd>
                                    ))}
                                </dd>
                            </div>
                        ))}
                    </dl>
                </section>
            ))}
        </Dialog>
    )
}

function nameOf(key: string): string {
    if (key === 'Mod') return is_mac ? '⌘' : 'Ctrl'
    return key === 'Alt' && is_mac ? '⌥' : key
}
