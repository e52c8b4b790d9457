/* A sidebar of thousands stays small and quick. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { composer, eventually, launchBrowser, openWindow, Person, Server, write } from './support.mjs'

const CHANNELS = 3000
const NODES_MAX = 1500
const FILTER_MAX_MS = 100

let server, browser, ada, page, ids

before(async () => {
    server = await Server.start()
    browser = await launchBrowser()
    ada = await Person.signUp(server.url, 'ada', 'Ada')
    ids = []
    for (let from = 0; from < CHANNELS; from += 50)
        ids.push(
            ...(await Promise.all(
                Array.from({ length: 50 }, (_, i) => ada.createChannel(`project-${from + i}`)),
            )),
        )
    page = await openWindow(browser, ada, `/c/${ids[0]}`)
    await composer(page).waitFor()
})

after(async () => {
    await browser?.close()
    await server?.stop()
})

const names = () => page.$$eval('.sidebar li .item-name', (all) => all.map((at) => at.textContent))

test('only what is near the window is on the page', async (t) => {
    await page.locator('.sidebar li a').first().waitFor()
    const nodes = await page.evaluate(() => document.querySelectorAll('*').length)
    t.diagnostic(`${nodes} nodes`)
    assert.ok(nodes <= NODES_MAX, `${nodes} nodes`)
    await page.evaluate(() => {
        const lists = document.querySelector('.sidebar-lists')
        lists.scrollTop = lists.scrollHeight / 2
    })
    await eventually(async () => assert.ok((await names()).includes('project-1500')))
})

test('each letter of the filter is answered within a tenth of a second', async (t) => {
    const field = page.getByLabel('Find a conversation')
    const type = (value) =>
        field.evaluate(async (at, value) => {
            const began = performance.now()
            at.value = value
            at.dispatchEvent(new Event('input', { bubbles: true }))
            await new Promise(requestAnimationFrame)
            await new Promise((done) => setTimeout(done))
            return performance.now() - began
        }, value)
    let slowest = Infinity
    /* The machine may be busy with something else: of some runs the best one counts. */
    for (let run = 0; run < 5 && slowest >= FILTER_MAX_MS; run++) {
        slowest = 0
        for (const value of ['', 'p', 'project-2', 'project-29', 'project-299'])
            slowest = Math.max(slowest, await type(value))
    }
    t.diagnostic(`${slowest.toFixed(1)} ms for the slowest letter`)
    assert.ok(slowest < FILTER_MAX_MS, `${slowest} ms`)
    assert.deepEqual((await names()).slice(0, 2), ['project-299', 'project-2990'])
    await field.press('Escape')
    assert.equal(await field.inputValue(), '')
})

test('the keyboard brings a channel far away into view', async () => {
    await page.keyboard.press('Control+k')
    await page.keyboard.type('project-2345')
    await page.keyboard.press('Enter')
    await page.locator(`.sidebar a[href="/c/${ids[2345]}"][aria-current="page"]`).waitFor()
    await page.keyboard.press('Alt+ArrowDown')
    await page.locator(`.sidebar a[href="/c/${ids[2346]}"][aria-current="page"]`).waitFor()
})

test('a draft is marked where one is not', async () => {
    await composer(page).fill('unfinished')
    await page.keyboard.press('Alt+ArrowUp')
    await page.locator(`.sidebar a[href="/c/${ids[2346]}"] .item-hint`).waitFor()
    await page.keyboard.press('Alt+ArrowDown')
    await write(page, 'finished')
    await page.keyboard.press('Alt+ArrowUp')
    await page
        .locator(`.sidebar a[href="/c/${ids[2346]}"] .item-hint`)
        .waitFor({ state: 'detached' })
})

test('a group gets one conversation, of nine people at most', async () => {
    for (let i = 0; i < 10; i++) await Person.signUp(server.url, `guest${i}`, `Guest ${i}`)
    await page.getByRole('button', { name: 'New direct message' }).click()
    const pick = (i) => page.locator('.items .item', { hasText: `@guest${i}` }).click()
    for (let i = 0; i < 8; i++) await pick(i)
    await pick(8)
    await page.getByText('8 people and you').waitFor()
    assert.equal(await page.locator('.chip').count(), 8)
    for (let i = 7; i > 1; i--)
        await page.getByRole('button', { name: `Remove Guest ${i}` }).click()
    await page.getByRole('button', { name: 'Start conversation' }).click()
    await page.getByRole('heading', { level: 1, name: 'Guest 0, Guest 1' }).waitFor()
    await page.locator('section[aria-labelledby="direct-title"] .avatar.group').waitFor()
})

test('the page had no error', () => assert.deepEqual(page.faults, []))
