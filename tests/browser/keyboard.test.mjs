/* Everything is reached without a mouse. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { composer, eventually, launchBrowser, openWindow, Person, Server } from './support.mjs'

const STEPS_MAX = 40

let server, browser, page, general, random

before(async () => {
    server = await Server.start()
    browser = await launchBrowser()
    const ada = await Person.signUp(server.url, 'ada', 'Ada')
    general = await ada.createChannel('general', 'Everything else')
    random = await ada.createChannel('random', '')
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

test('logging out', async () => {
    await walk('Tab', (at) => at.name === 'Log out')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Log in to Parley' }).waitFor()
    await eventually(async () => assert.equal((await focused()).tag, 'INPUT'))
})
