/* What was written goes out once and in order, whatever happens to the page, the browser and the server. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
    composer,
    eventually,
    launchBrowser,
    launchProfile,
    openWindow,
    Person,
    Server,
    shown,
    watch,
    write,
} from './support.mjs'

const PATIENCE_MS = 40_000

let server, browser, ada, channel

before(async () => {
    server = await Server.start()
    browser = await launchBrowser()
    ada = await Person.signUp(server.url, 'ada', 'Ada')
})

after(async () => {
    await browser?.close()
    await server?.stop()
})

async function stored() {
    const events = await ada.history(channel)
    return events.filter((event) => event.ev === 'message').map((event) => event.text)
}

/* Wait until a page shows exactly these messages, all of them sent. */
async function settled(page, texts) {
    await eventually(async () => {
        const messages = await shown(page)
        assert.deepEqual(
            messages.map((message) => message.text),
            texts,
        )
        assert.ok(messages.every((message) => !message.pending))
    }, PATIENCE_MS)
}

async function openTab(context, path) {
    const page = await context.newPage()
    watch(page)
    await page.goto(server.url + path)
    await composer(page).waitFor()
    return page
}

const stateOfOutbox = () =>
    new Promise((done) => {
        const open = indexedDB.open(`parley.${window.user}`)
        open.onsuccess = () => {
            const all = open.result.transaction('outbox').objectStore('outbox').getAll()
            all.onsuccess = () => {
                open.result.close()
                done(all.result.map((message) => message.text))
            }
        }
    })

test('messages wait in the database and go out after a reload', async () => {
    channel = await ada.createChannel('reload')
    const page = await openWindow(browser, ada, `/c/${channel}`)
    await composer(page).waitFor()
    await server.kill()
    const texts = Array.from({ length: 12 }, (_, i) => `kept ${i}`)
    for (const text of texts) await write(page, text)
    await page.evaluate((user) => void (window.user = user), ada.id)
    await eventually(async () =>
        assert.deepEqual((await page.evaluate(stateOfOutbox)).sort(), [...texts].sort()),
    )
    await server.up()
    await page.reload()
    await settled(page, texts)
    assert.deepEqual(await stored(), texts)
    await page.evaluate((user) => void (window.user = user), ada.id)
    await eventually(async () => assert.deepEqual(await page.evaluate(stateOfOutbox), []))
    assert.deepEqual(page.faults, [])
    await page.context().close()
})

test('messages survive the end of the browser', async () => {
    channel = await ada.createChannel('restart')
    const dir = await mkdtemp(join(tmpdir(), 'parley-profile-'))
    let profile = await launchProfile(dir)
    const before_end = await openWindow(profile, ada, `/c/${channel}`)
    await composer(before_end).waitFor()
    await server.kill()
    const texts = ['before the end 1', 'before the end 2', 'before the end 3']
    for (const text of texts) await write(before_end, text)
    await before_end.evaluate((user) => void (window.user = user), ada.id)
    await eventually(async () =>
        assert.equal((await before_end.evaluate(stateOfOutbox)).length, texts.length),
    )
    await profile.close()
    await server.up()
    profile = await launchProfile(dir)
    const page = await openTab(profile, `/c/${channel}`)
    await settled(page, texts)
    assert.deepEqual(await stored(), texts)
    await profile.close()
    await rm(dir, { recursive: true, force: true })
})

test('two tabs show each other what waits, and send it once and in order', async () => {
    channel = await ada.createChannel('tabs')
    const first = await openWindow(browser, ada, `/c/${channel}`)
    const second = await openTab(first.context(), `/c/${channel}`)
    await server.kill()
    const texts = []
    for (let i = 0; i < 10; i++) {
        const page = i % 2 ? first : second
        await page.bringToFront()
        await write(page, `turn ${i}`)
        texts.push(`turn ${i}`)
    }
    for (const page of [first, second])
        await eventually(async () =>
            assert.deepEqual(
                (await shown(page)).map((message) => message.text),
                texts,
            ),
        )
    await server.up()
    for (const page of [first, second]) await settled(page, texts)
    assert.deepEqual(await stored(), texts)
    assert.deepEqual([...first.faults, ...second.faults], [])
    await first.context().close()
})

test('the tab that stays sends what the one that was closed had written', async () => {
    channel = await ada.createChannel('heir')
    const first = await openWindow(browser, ada, `/c/${channel}`)
    const second = await openTab(first.context(), `/c/${channel}`)
    await server.kill()
    for (const text of ['left 1', 'left 2']) await write(first, text)
    await eventually(async () => assert.equal((await shown(second)).length, 2))
    await first.close()
    await server.up()
    await settled(second, ['left 1', 'left 2'])
    assert.deepEqual(await stored(), ['left 1', 'left 2'])
    await second.context().close()
})

test('the sender is one of the tabs: while both write, nothing is sent twice', async () => {
    channel = await ada.createChannel('once')
    const context = await browser.newContext()
    const sent = []
    await context.routeWebSocket(/\/ws$/, (socket) => {
        const upstream = socket.connectToServer()
        socket.onMessage((frame) => {
            const { op, cmid } = JSON.parse(frame)
            if (op === 'sendMessage') sent.push(cmid)
            upstream.send(frame)
        })
    })
    const first = await openWindow(context, ada, `/c/${channel}`)
    await composer(first).waitFor()
    const second = await openTab(context, `/c/${channel}`)
    const texts = []
    for (let i = 0; i < 12; i++) {
        const page = i % 4 < 2 ? first : second
        await write(page, `message ${i}`)
        texts.push(`message ${i}`)
        await eventually(async () =>
            assert.ok((await shown(page)).every((message) => !message.pending)),
        )
    }
    for (const page of [first, second]) await settled(page, texts)
    assert.equal(new Set(sent).size, sent.length)
    assert.equal(sent.length, texts.length)
    await context.close()
})
