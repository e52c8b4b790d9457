/*
 * The outbox of one person in IndexedDB, and the channel on which the tabs talk about it. Where the
 * browser refuses a database, messages live as long as the page.
 */

import type { OutgoingMessage } from '../store/outbox'
import type { OutboxNews, OutboxStorage } from '../store/outbox-storage'

const STORE = 'outbox'

export function openOutbox(user: number): OutboxStorage & { close(): void } {
    const name = `parley.${user}`
    const opened = openDatabase(name)
    const tabs = new BroadcastChannel(`${name}.outbox`)
    const write = async (change: (store: IDBObjectStore) => void): Promise<void> => {
        const database = await opened
        if (!database) return
        try {
            const work = database.transaction(STORE, 'readwrite')
            change(work.objectStore(STORE))
            await finished(work)
        } catch {
            /* Full or closed: the message still goes out now. */
        }
    }
    return {
        load: async () => readAll(await opened),
        keep: (message) => write((store) => store.put(message)),
        forget: (cmid) => write((store) => store.delete(cmid)),
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
