/* A channel opens where something is new, however much that is. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
    composer,
    eventually,
    launchBrowser,
    openWindow,
    Person,
    Server,
    shown,
    write,
} from './support.mjs'

const OLD = 300
const NEW = 700

let server, browser, ada, bob, page, long, short, home

before(async () => {
    server = await Server.start()
    browser = await launchBrowser()
    ada = await Person.signUp(server.url, 'ada', 'Ada')
    bob = await Person.signUp(server.url, 'bob', 'Bob')
    home = await ada.createChannel('home')
    long = await ada.createChannel('long')
    short = await ada.createChannel('short')
    for (const channel of [long, short]) await bob.post('joinChannel', { channel })
    await say(long, 'old', OLD)
    await say(short, 'old', 60)
    for (const channel of [long, short]) {
        const events = await ada.history(channel)
        await ada.post('markRead', { channel, seq: events.at(-1).seq })
    }
    await say(long, 'new', NEW)
    await say(short, 'new', 3)
    page = await openWindow(browser, ada, `/c/${home}`)
})

after(async () => {
    await browser?.close()
    await server?.stop()
})

async function say(channel, what, count) {
    for (let i = 0; i < count; i++) await bob.say(channel, `${what} ${i}`)
}

const link = (channel) => page.locator(`.sidebar a[href="/c/${channel}"]`)

/* What is around the line, and where the line is in the list's window, from 0 to 1. */
const line = () =>
    page.evaluate(() => {
        const list = document.querySelector('.messages')
        const at = document.querySelector('.new-line')
        if (!at) return null
        const text = (row) => row?.querySelector('.body')?.textContent ?? null
        const top = at.getBoundingClientRect().top - list.getBoundingClientRect().top
        return {
            before: text(at.previousElementSibling),
            after: text(at.nextElementSibling),
            top: top / list.clientHeight,
        }
    })

test('a long absence: the line is on the screen, with what was read above it', async () => {
    await link(long).click()
    await page.locator('.new-line').waitFor()
    await eventually(async () => {
        const { before, after, top } = await line()
        assert.equal(before, `old ${OLD - 1}`)
        assert.equal(after, 'new 0')
        assert.ok(top > 0.1 && top < 0.5, `${top}`)
    })
})

test('what is new stays unread until it was read to the end', async () => {
    assert.match(await link(long).textContent(), new RegExp(`${NEW}`))
    const before_scroll = await line()
    await bob.say(long, 'one more')
    await eventually(async () =>
        assert.match(await link(long).textContent(), new RegExp(`${NEW + 1}`)),
    )
    assert.deepEqual(await line(), before_scroll)
})

test('scrolling down goes through all of it without a gap', async () => {
    const seen = new Set()
    await eventually(async () => {
        const texts = await page.evaluate(() => {
            const list = document.querySelector('.messages')
            list.scrollTop += list.clientHeight * 0.7
            return [...document.querySelectorAll('.message .body')].map((each) => each.textContent)
        })
        for (const text of texts) seen.add(text)
        assert.ok(seen.has('one more'))
    }, 60_000)
    for (let i = 0; i < NEW; i++) assert.ok(seen.has(`new ${i}`), `new ${i}`)
    await eventually(async () => assert.equal(await link(long).locator('.badge').count(), 0))
})

test('one jump goes to the latest', async () => {
    await bob.post('markRead', { channel: long, seq: 1 })
    await link(home).click()
    await page.getByRole('heading', { level: 1, name: 'home' }).waitFor()
    await say(long, 'later', 150)
    await eventually(async () => assert.match(await link(long).textContent(), /150/))
    await link(long).click()
    await eventually(async () => assert.equal((await line())?.after, 'later 0'))
    await page.locator('.jump').click()
    await eventually(async () => assert.equal((await shown(page)).at(-1).text, 'later 149'))
    await eventually(async () => assert.equal(await link(long).locator('.badge').count(), 0))
})

test('a few new messages: the end is on the screen, and so they are read', async () => {
    await link(short).click()
    await eventually(async () => {
        const { before, after } = await line()
        assert.deepEqual([before, after], ['old 59', 'new 0'])
    })
    await eventually(async () => assert.equal(await link(short).locator('.badge').count(), 0))
    assert.equal((await shown(page)).at(-1).text, 'new 2')
})

test('the line stays while one is there, and is gone when one comes back', async () => {
    await write(page, 'my answer')
    await page.locator('.message:not(.pending)', { hasText: 'my answer' }).waitFor()
    assert.equal((await line()).after, 'new 0')
    await link(home).click()
    await page.getByRole('heading', { level: 1, name: 'home' }).waitFor()
    await link(short).click()
    await page.locator('.message', { hasText: 'my answer' }).waitFor()
    assert.equal(await line(), null)
    await composer(page).waitFor()
})

test('the page had no error', () => assert.deepEqual(page.faults, []))
