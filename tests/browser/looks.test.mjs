/*
 * How the page looks: pictures in light, dark and narrow windows for people to judge, written into
 * the directory SHOTS if it is set, and what a program can judge: nothing sticks out sideways, and
 * text has enough contrast.
 */

import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launchBrowser, openWindow, Person, Server, write } from './support.mjs'

const SHOTS = process.env.SHOTS
const NARROW = { width: 390, height: 844 }

let server, browser, ada, general

before(async () => {
    if (SHOTS) await mkdir(SHOTS, { recursive: true })
    server = await Server.start()
    browser = await launchBrowser()
    ada = await Person.signUp(server.url, 'ada', 'Ada Lovelace')
    const bob = await Person.signUp(server.url, 'bob', 'Bob')
    const cyrus = await Person.signUp(server.url, 'cyrus', 'Cyrus the Great')
    general = await ada.createChannel('general', 'Everything that has no other place')
    const design = await ada.createChannel('design', '')
    const releases = await ada.createChannel('releases', 'What is out, and what comes next')
    await ada.createChannel('infrastructure-and-operations-of-everything', '')
    for (const person of [bob, cyrus])
        for (const channel of [general, design, releases])
            await person.post('joinChannel', { channel })
    await bob.say(general, 'Good morning! Has anybody looked at the *queue limits* yet?')
    await ada.say(
        general,
        'Yes: each connection has _at most_ `1 MiB`. See https://example.org/limits.',
    )
    await ada.say(
        general,
        `I wrote it down in [the decision](https://example.org/12), <@${bob.id}> please look.`,
    )
    const question = await cyrus.say(
        general,
        'What happens when somebody is slow?\n> live events are left out first\n> then history events\nThat is ~not~ obvious.',
    )
    await bob.say(
        general,
        '```\nint main(void)\n{\n    return serve(8080);\n}\n```\nThat is all of it.',
    )
    await bob.say(general, `And in <#${design}> there is more.`, { thread: question.seq })
    await cyrus.say(general, `Thank you, <@${ada.id}>.`)
    for (const text of ['1.0 is out', 'with notes', 'and thanks']) await bob.say(releases, text)
    const { channel } = await bob.post('openDirect', { users: [ada.id] })
    await bob.say(channel.id, 'lunch?')
})

after(async () => {
    await browser?.close()
    await server?.stop()
})

/* Open a window, do something in it, take its picture, and judge it. */
async function picture(name, options, act = async () => {}) {
    const page = await openWindow(browser, ada, `/c/${general}`, options)
    await page.locator('.message').first().waitFor()
    await page.evaluate(() => document.fonts.ready)
    await act(page)
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}.png`) })
    const sideways = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    assert.equal(sideways, 0)
    assert.deepEqual(await page.evaluate(poorContrast), [])
    assert.deepEqual(page.faults, [])
    await page.context().close()
}

/* In the page: texts whose contrast with what is behind them is below 4.5 to 1. */
function poorContrast() {
    const parse = (color) => (color.match(/[\d.]+/g) ?? []).map(Number)
    const luminance = (color) => {
        const [r, g, b] = color.map((value) => {
            const part = value / 255
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
        })
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const color = parse(getComputedStyle(at).backgroundColor)
            if (color.length === 3 || color[3] === 1) return color.slice(0, 3)
        }
        return [255, 255, 255]
    }
    const opacity = (element) => {
        let product = 1
        for (let at = element; at; at = at.parentElement)
            product *= Number(getComputedStyle(at).opacity)
        return product
    }
    const poor = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement
        const text = walker.currentNode.data.trim()
        if (text === '' || element.closest('.sr-only, [aria-hidden], :disabled')) continue
        const style = getComputedStyle(element)
        if (style.visibility === 'hidden' || opacity(element) < 1) continue
        const [a, b] = [luminance(parse(style.color).slice(0, 3)), luminance(behind(element))]
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
        if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${text}`)
    }
    return poor
}

const openMenu = async (page) => {
    await page.getByRole('button', { name: 'Show channels' }).click()
    await page.waitForTimeout(300)
}

test('a channel in the light', () => picture('light', { colorScheme: 'light' }))
test('a channel in the dark', () => picture('dark', { colorScheme: 'dark' }))
test('a channel on a narrow screen', () => picture('narrow', { viewport: NARROW }))
test('the channels on a narrow screen', () =>
    picture('narrow-channels', { viewport: NARROW }, openMenu))
test('the channels on a narrow screen in the dark', () =>
    picture('narrow-channels-dark', { viewport: NARROW, colorScheme: 'dark' }, openMenu))

test('unread messages below their line', () =>
    picture('unread', {}, async (page) => {
        await page.locator('.sidebar a', { hasText: 'releases' }).click()
        await page.locator('.new-line').waitFor()
    }))

test('browsing channels', () =>
    picture('browse', {}, async (page) => {
        await page.getByRole('button', { name: 'Browse channels' }).click()
        await page.locator('.items button').first().waitFor()
    }))

test('creating a channel in the dark', () =>
    picture('create-dark', { colorScheme: 'dark' }, async (page) => {
        await page.getByRole('button', { name: 'Create a channel' }).click()
        await page.locator('dialog[open]').waitFor()
    }))

test('the people of a channel', () =>
    picture('members', {}, async (page) => {
        await page.locator('.members').click()
        await page.locator('.items .avatar').first().waitFor()
    }))

test('logging in and signing up', async () => {
    for (const [path, colorScheme] of [
        ['login', 'light'],
        ['signup', 'dark'],
    ]) {
        const context = await browser.newContext({
            colorScheme,
            viewport: { width: 1200, height: 800 },
        })
        const page = await context.newPage()
        await page.goto(`${server.url}/${path}`)
        await page.locator('form').waitFor()
        if (SHOTS) await page.screenshot({ path: join(SHOTS, `${path}.png`) })
        assert.deepEqual(await page.evaluate(poorContrast), [])
        await context.close()
    }
})

test('without a connection', async () => {
    const bob = new Person(server.url, 'bob', 'Bob')
    const page = await openWindow(browser, bob, `/c/${general}`)
    await page.locator('.message').first().waitFor()
    await server.kill()
    await write(page, 'Is anybody there?')
    await page.getByText('No connection to the server.').waitFor()
    await page.waitForTimeout(1000)
    if (SHOTS) await page.screenshot({ path: join(SHOTS, 'offline.png') })
    assert.deepEqual(await page.evaluate(poorContrast), [])
    await page.context().close()
})
