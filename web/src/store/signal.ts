/* Something that changes and tells its listeners. `version` counts the changes. */

export class Signal {
    version = 0
    private readonly listeners = new Set<() => void>()

    subscribe(listener: () => void): () => void {
        this.listeners.add(listener)
        return () => this.listeners.delete(listener)
    }

    notify(): void {
        this.version++
        for (const listener of [...this.listeners]) listener()
    }
}
