/* The few pictures of the page, drawn with one pen. They are decoration: labels are elsewhere. */

import type { ComponentChildren, VNode } from 'preact'

function icon(shape: ComponentChildren): () => VNode {
    return () => (
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
            {shape}
        </svg>
    )
}

export const PlusIcon = icon(<path d="M10 4v12M4 10h12" />)
export const CloseIcon = icon(<path d="M5 5l10 10M15 5L5 15" />)
export const MenuIcon = icon(<path d="M3 5.5h14M3 10h14M3 14.5h14" />)
export const DownIcon = icon(<path d="M10 4v12M5 11l5 5 5-5" />)
export const SendIcon = icon(<path d="M4 10h12M11 5l5 5-5 5" />)
export const ReplyIcon = icon(<path d="M8 5L4 9l4 4M4 9h7a5 5 0 0 1 5 5v1" />)
export const PeopleIcon = icon(
    <>
        <circle cx="7.5" cy="7" r="2.8" />
        <path d="M2.5 16c0-2.8 2.2-4.5 5-4.5s5 1.7 5 4.5M13 4.5a2.6 2.6 0 0 1 0 5M14.5 11.8c1.9.6 3 2.1 3 4.2" />
    </>,
)
export const BrowseIcon = icon(
    <>
        <circle cx="9" cy="9" r="5" />
        <path d="M13 13l4 4" />
    </>,
)
export const ExitIcon = icon(<path d="M8 4H4.5v12H8M9 10h7.5M13 6.5l3.5 3.5-3.5 3.5" />)

export const CheckIcon = icon(<path d="M4 10.5l4 4 8-9" />)
export const PencilIcon = icon(<path d="M4 16l.8-3.6L13 4.2l2.8 2.8-8.2 8.2zM11.3 5.9l2.8 2.8" />)
export const MutedIcon = icon(
    <path d="M6 13V9.2A4 4 0 0 1 13 7M14 10v3l1.5 1.5H6.5M8.5 16.5a1.6 1.6 0 0 0 3 0M4 4l12 12" />,
)
export const StarIcon = icon(
    <path d="M10 3.2l2.1 4.4 4.7.6-3.5 3.3.9 4.8-4.2-2.4-4.2 2.4.9-4.8L3.2 8.2l4.7-.6z" />,
)
export const GearIcon = icon(
    <>
        <path d="M3 6h7M14 6h3M3 14h3M10 14h7" />
        <circle cx="12" cy="6" r="2" />
        <circle cx="8" cy="14" r="2" />
    </>,
)

/* The sign of the product: a speech bubble. */
export const Logo = (): VNode => (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="8" />
        <path d="M7 9.5A2.5 2.5 0 0 1 9.5 7h13A2.5 2.5 0 0 1 25 9.5v8a2.5 2.5 0 0 1-2.5 2.5H15l-5 5v-5h-.5A2.5 2.5 0 0 1 7 17.5z" />
    </svg>
)
