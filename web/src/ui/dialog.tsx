/* A modal dialog: the browser's own, which keeps the focus inside and closes with Escape. */

import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { words } from '../i18n/words'
import { CloseIcon } from './icons'

interface Props {
    title: string
    close(): void
    class?: string
    children: ComponentChildren
}

export function Dialog({ title, close, class: looks, children }: Props): VNode {
    const dialog = useRef<HTMLDialogElement>(null)
    useEffect(() => {
        const opener = document.activeElement
        dialog.current!.showModal()
        return () => {
            if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
        }
    }, [])
    return (
        <dialog
            ref={dialog}
            class={looks}
            aria-label={title}
            onClose={close}
            onClick={(event) => event.target === dialog.current && close()}
        >
            <div class="dialog-content">
                <header>
                    <h2 dir="auto">{title}</h2>
                    <button class="quiet" aria-label={words().close} onClick={close}>
                        <CloseIcon />
                    </button>
                </header>
                {children}
            </div>
        </dialog>
    )
}
