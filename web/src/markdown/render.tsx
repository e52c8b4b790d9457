/*
 * The tree of chat markdown as nodes of the page. Text stays text all the way: nothing here can
 * become markup.
 */

import type { ComponentChildren, VNode } from 'preact'
import type { Block, Inline } from './parse'

/* How ids become names; whoever renders knows. */
export interface Names {
    user(id: number): string
    channel(id: number): string
    me: number
}

export function Markdown({ blocks, names }: { blocks: readonly Block[]; names: Names }): VNode {
    return <>{blocks.map((block) => renderBlock(block, names))}</>
}

function renderBlock(block: Block, names: Names): VNode {
    if (block.type === 'code')
        return (
            <pre tabIndex={0}>
                <code>{block.text}</code>
            </pre>
        )
    const children = renderAll(block.children, names)
    return block.type === 'quote' ? <blockquote>{children}</blockquote> : <p>{children}</p>
}

function renderAll(nodes: readonly Inline[], names: Names): ComponentChildren {
    return nodes.map((node) => renderInline(node, names))
}

function renderInline(node: Inline, names: Names): ComponentChildren {
    if (typeof node === 'string') return node
    switch (node.type) {
        case 'bold':
            return <strong>{renderAll(node.children, names)}</strong>
        case 'italic':
            return <em>{renderAll(node.children, names)}</em>
        case 'strike':
            return <s>{renderAll(node.children, names)}</s>
        case 'code':
            return <code>{node.text}</code>
        case 'link':
            return (
                <a href={node.href} title={node.href} target="_blank" rel="noopener noreferrer">
                    {renderAll(node.children, names)}
                </a>
            )
        case 'mention':
            return (
                <bdi class={node.user === names.me ? 'mention me' : 'mention'}>
                    @{names.user(node.user)}
                </bdi>
            )
        case 'channel':
            return (
                <a class="mention" href={`/c/${node.channel}`}>
                    #{names.channel(node.channel)}
                </a>
            )
        case 'control':
            return <span class="control">U+{node.code.toString(16).toUpperCase()}</span>
    }
}
