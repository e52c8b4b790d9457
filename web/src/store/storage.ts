/* The part of localStorage that is used; a Map-backed one serves tests and browsers without it. */

export interface Storage {
    keys(): string[]
    get(key: string): string | null
    set(key: string, value: string): void
    remove(key: string): void
}

export function memoryStorage(): Storage {
    const map = new Map<string, string>()
    return {
        keys: () => [...map.keys()],
        get: (key) => map.get(key) ?? null,
        set: (key, value) => void map.set(key, value),
        remove: (key) => void map.delete(key),
    }
}

/*
 * The browser's storage. When it is full or forbidden the value is lost with the page, which is the
 * best that can be done: a message still goes out now.
 */
export function browserStorage(): Storage {
    return {
        keys: () => quietly(() => Object.keys(localStorage), []),
        get: (key) => quietly(() => localStorage.getItem(key), null),
        set: (key, value) => quietly(() => localStorage.setItem(key, value), undefined),
        remove: (key) => quietly(() => localStorage.removeItem(key), undefined),
    }
}

function quietly<T>(run: () => T, otherwise: T): T {
    try {
        return run()
    } catch {
        return otherwise
    }
}
