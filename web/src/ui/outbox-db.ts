/*
 * The outbox of one person in IndexedDB, and the channel on which the tabs talk about it.
 *
 * The database keeps a message only some time after it was asked to, and a page may be closed before.
 * So each message is noted in localStorage, which does not wait, until the database has it.
 */

import type { OutgoingMessage } from '../store/outbox'
import type { OutboxNews, OutboxStorage } from '../store/outbox-storage'
import { browserStorage, type Storage } from '../store/storage'

const STORE = 'outbox'

export function openOutbox(user: number): OutboxStorage & { close(): void } {
    const name = `parley.${user}`
    const opened = openDatabase(name)
    const tabs = new BroadcastChannel(`${name}.outbox`)
    const notes = new Notes(browserStorage(), `${name}.outbox.`)
    /* Whether it was written: not when the database is full, closed or refused. */
    const write = async (change: (store: IDBObjectStore) => void): Promise<boolean> => {
        const database = await opened
        if (!database) return false
        try {
            const work = database.transaction(STORE, 'readwrite')
            change(work.objectStore(STORE))
            await finished(work)
            return true
        } catch {
            return false /* the message still goes out now */
        }
    }
    const keep = async (message: OutgoingMessage): Promise<void> => {
        notes.put(message)
        if (await write((store) => store.put(message))) notes.remove(message.cmid)
    }
    return {
        async load() {
            const noted = notes.all()
            const stored = await readAll(await opened)
            const cmids = new Set(noted.map((message) => message.cmid))
            for (const message of noted) void keep(message)
            return [...noted, ...stored.filter((message) => !cmids.has(message.cmid))]
        },
        keep,
        async forget(cmid) {
            notes.remove(cmid)
            await write((store) => store.delete(cmid))
        },
        tell: (news) => tabs.postMessage(news),
        listen(hear) {
            tabs.onmessage = ({ data }: MessageEvent<OutboxNews>) => hear(data)
        },
        close() {
            tabs.close()
            void opened.then((database) => database?.close())
        },
    }
}

/* Messages on their way into the database. */
class Notes {
    constructor(
        private readonly storage: Storage,
        private readonly prefix: string,
    ) {}

    put(message: OutgoingMessage): void {
        this.storage.set(this.prefix + message.cmid, JSON.stringify(message))
    }

    remove(cmid: string): void {
        this.storage.remove(this.prefix + cmid)
    }

    all(): OutgoingMessage[] {
        return this.storage
            .keys()
            .filter((key) => key.startsWith(this.prefix))
            .map((key) => JSON.parse(this.storage.get(key) ?? 'null') as OutgoingMessage | null)
            .filter((message) => message !== null)
    }
}

function openDatabase(name: string): Promise<IDBDatabase | null> {
    return new Promise((resolve) => {
        try {
            const request = indexedDB.open(name, 1)
            request.onupgradeneeded = () =>
                request.result.createObjectStore(STORE, { keyPath: 'cmid' })
            request.onsuccess = () => resolve(request.result)
            request.onerror = () => resolve(null)
        } catch {
            resolve(null)
        }
    })
}

function readAll(database: IDBDatabase | null): Promise<OutgoingMessage[]> {
    return new Promise((resolve) => {
        if (!database) return resolve([])
        const request = database.transaction(STORE).objectStore(STORE).getAll()
        request.onsuccess = () => resolve(request.result as OutgoingMessage[])
        request.onerror = () => resolve([])
    })
}

function finished(work: IDBTransaction): Promise<void> {
    return new Promise((resolve, reject) => {
        work.oncomplete = () => resolve()
        work.onabort = work.onerror = () => reject(work.error ?? new Error('not kept'))
    })
}
