/* Everything is reached without a mouse. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { composer, eventually, launchBrowser, openWindow, Person, Server } from './support.mjs'

const STEPS_MAX = 40

let server, browser, page, bob, general, random

before(async () => {
    server = await Server.start()
    browser = await launchBrowser()
    const ada = await Person.signUp(server.url, 'ada', 'Ada')
    general = await ada.createChannel('general', 'Everything else')
    random = await ada.createChannel('random', '')
    bob = await Person.signUp(server.url, 'bob', 'Bob')
    for (const channel of [general, random]) await bob.post('joinChannel', { channel })
    await ada.say(general, 'hello')
    page = await openWindow(browser, ada, `/c/${general}`)
    await composer(page).waitFor()
})

after(async () => {
    await browser?.close()
    await server?.stop()
})

const focused = () =>
    page.evaluate(() => {
        const at = document.activeElement
        const style = getComputedStyle(at)
        const box = at.closest('.composer-box')
        return {
            name: at.getAttribute('aria-label') ?? at.textContent.trim(),
            href: at.getAttribute('href'),
            tag: at.tagName,
            /* The composer shows its focus by the border of its box. */
            visible:
                style.outlineStyle !== 'none' ||
                (box && getComputedStyle(box).boxShadow !== 'none'),
        }
    })

async function walk(key, wanted) {
    for (let i = 0; i < STEPS_MAX; i++) {
        await page.keyboard.press(key)
        const at = await focused()
        if (at.tag !== 'BODY') assert.ok(at.visible, `focus is visible on ${at.name}`)
        if (wanted(at)) return
    }
    assert.fail('the walk did not get there')
}

test('the composer has the focus when a channel opens', async () => {
    await eventually(async () => assert.equal((await focused()).name, 'Message #general'))
})

test('the tab key goes round to tools, channels, log out, members and messages', async () => {
    const seen = []
    for (let i = 0; i < STEPS_MAX; i++) {
        await page.keyboard.press('Tab')
        const at = await focused()
        if (at.tag === 'BODY') continue
        assert.ok(at.visible, `focus is visible on ${at.name}`)
        seen.push(at.href ?? at.name)
        if (at.name === 'Message #general') break
    }
    const wanted = [
        'Browse channels',
        'Create a channel',
        `/c/${general}`,
        `/c/${random}`,
        'New direct message',
        'Log out',
        /members?, show details/,
        'Messages in #general',
        'Message #general',
    ]
    const places = wanted.map((each) =>
        seen.findIndex((name) => (each instanceof RegExp ? each.test(name) : each === name)),
    )
    assert.ok(
        places.every((place) => place >= 0),
        `${seen}`,
    )
    assert.deepEqual(
        places,
        [...places].sort((a, b) => a - b),
    )
})

test('a channel is opened from the list', async () => {
    await walk('Shift+Tab', (at) => at.href === `/c/${random}`)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'random' }).waitFor()
    await eventually(async () => assert.equal((await focused()).name, 'Message #random'))
    await page.keyboard.type('written *without* a mouse')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('in two lines')
    await page.keyboard.press('Enter')
    await page.locator('.message:not(.pending)', { hasText: 'in two lines' }).waitFor()
})

test('a dialog keeps the focus inside, closes with Escape, and gives it back', async () => {
    await walk('Shift+Tab', (at) => at.name === 'Create a channel')
    await page.keyboard.press('Enter')
    await page.locator('dialog[open]').waitFor()
    for (let i = 0; i < 8; i++) {
        await page.keyboard.press('Tab')
        const inside = await page.evaluate(
            () =>
                document.activeElement === document.body ||
                !!document.activeElement.closest('dialog'),
        )
        assert.ok(inside)
    }
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
    await eventually(async () => assert.equal((await focused()).name, 'Create a channel'))
})

const heading = (name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor()

test('the switcher goes anywhere by a few letters', async () => {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').waitFor()
    await page.keyboard.type('gnrl')
    await page.locator('.option[aria-selected="true"]', { hasText: 'general' }).waitFor()
    await page.keyboard.press('Enter')
    await heading('#general')
    await page.keyboard.press('Control+k')
    await page.keyboard.type('bo')
    await page.locator('.option[aria-selected="true"]', { hasText: 'Bob' }).waitFor()
    await page.keyboard.press('Enter')
    await heading('Bob')
})

test('Alt with up and down walks the conversations, with Shift the unread ones', async () => {
    await page.keyboard.press('Alt+ArrowUp')
    await heading('#random')
    await page.keyboard.press('Alt+ArrowUp')
    await heading('#general')
    await bob.say(random, 'news')
    await page.locator(`.sidebar a[href="/c/${random}"].unread`).waitFor()
    await page.keyboard.press('Alt+Shift+ArrowUp')
    await heading('#random')
})

test('Escape marks the conversation read, wherever one is in it', async () => {
    const link = page.locator(`.sidebar a[href="/c/${general}"]`)
    for (let i = 0; i < 60; i++) await bob.say(general, `news ${i}`)
    await eventually(async () => assert.match(await link.textContent(), /60/))
    await page.keyboard.press('Alt+ArrowUp')
    await page.locator('.new-line').waitFor()
    assert.match(await link.textContent(), /60/)
    await page.keyboard.press('Escape')
    await eventually(async () => assert.equal(await link.locator('.badge').count(), 0))
})

test('F6 goes round the parts of the page, the arrows through the messages', async () => {
    await page.keyboard.press('F6')
    await eventually(async () => assert.equal((await focused()).href, `/c/${general}`))
    for (const wanted of [/members, show details/, /^Messages in/, /^Message #general/]) {
        await page.keyboard.press('F6')
        assert.match((await focused()).name, wanted)
    }
    await page.keyboard.press('Shift+F6')
    await page.keyboard.press('End')
    assert.match((await focused()).name, /news 59/)
    await page.keyboard.press('ArrowUp')
    assert.match((await focused()).name, /news 58/)
    assert.ok((await focused()).visible)
    await page.keyboard.press('ArrowDown')
    assert.match((await focused()).name, /news 59/)
})

test('all shortcuts are shown', async () => {
    await page.keyboard.press('Control+/')
    await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor()
    assert.ok((await page.locator('kbd').count()) > 15)
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
})

test('logging out', async () => {
    await walk('Tab', (at) => at.name === 'Log out')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Log in to Parley' }).waitFor()
    await eventually(async () => assert.equal((await focused()).tag, 'INPUT'))
})
