/* Theme, language, notifications, and what is set for single channels. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { composer, eventually, launchBrowser, openWindow, Person, Server, write } from './support.mjs'

let server, browser, ada, bob, page, general, quiet

before(async () => {
    server = await Server.start()
    browser = await launchBrowser()
    ada = await Person.signUp(server.url, 'ada', 'Ada')
    bob = await Person.signUp(server.url, 'bob', 'Bob')
    general = await ada.createChannel('general', 'Everything else')
    quiet = await ada.createChannel('quiet')
    for (const channel of [general, quiet]) await bob.post('joinChannel', { channel })
    page = await openWindow(browser, ada, `/c/${general}`, { colorScheme: 'light' })
    await composer(page).waitFor()
})

after(async () => {
    await browser?.close()
    await server?.stop()
})

const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
const link = (channel) => page.locator(`.sidebar a[href="/c/${channel}"]`)

async function choose(button, option) {
    await page.getByRole('button', { name: button, exact: true }).click()
    await page.getByRole('radio', { name: option, exact: true }).check()
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
}

test('the theme is the chosen one, over a reload, or that of the system', async () => {
    const light = await background()
    await choose('Preferences', 'Dark')
    const dark = await background()
    assert.notEqual(dark, light)
    await page.reload()
    await composer(page).waitFor()
    assert.equal(await background(), dark)
    await choose('Preferences', 'Like the system')
    await eventually(async () => assert.equal(await background(), light))
    await page.emulateMedia({ colorScheme: 'dark' })
    await eventually(async () => assert.equal(await background(), dark))
    await page.emulateMedia({ colorScheme: 'light' })
})

test('in Japanese nothing is left in English', async () => {
    await write(page, 'x')
    await page.locator('.message:not(.pending)').waitFor()
    await choose('Preferences', '日本語')
    assert.equal(await page.getAttribute('html', 'lang'), 'ja')
    await page.getByRole('button', { name: 'ダイレクトメッセージ' }).waitFor()
    await page.getByText('今日').waitFor()
    await page.keyboard.press('Control+/')
    await page.locator('kbd').first().waitFor()
    const left = await page.evaluate(() => {
        const found = []
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT)
        while (walker.nextNode()) {
            const at = walker.currentNode
            if (at.tagName === 'NOSCRIPT') continue
            for (const name of ['aria-label', 'title', 'placeholder'])
                if (at.hasAttribute(name)) found.push(at.getAttribute(name))
            for (const node of at.childNodes)
                if (node.nodeType === Node.TEXT_NODE) found.push(node.data)
        }
        /* Names, keys and what was written are no words of ours. */
        const known =
            /^(Parley|Ada|Bob|x|#?(general|quiet)|Everything else|Ctrl|Alt|Shift|Home|End|Esc|Enter|Tab|F6|K)$/
        return found
            .map((text) => text.trim())
            .filter((text) => /[A-Za-z]{2}/.test(text) && !/[\u3040-\u30ff\u4e00-\u9fff]/.test(text))
            .filter((text) => !known.test(text))
    })
    assert.deepEqual(left, [])
    await page.keyboard.press('Escape')
    await choose('環境設定', 'English')
    await page.getByRole('button', { name: 'New direct message' }).waitFor()
})

test('a muted channel is dimmed and does not count; a mention still does', async () => {
    await link(quiet).click()
    await page.getByRole('heading', { level: 1, name: 'quiet' }).waitFor()
    await page.locator('.members').click()
    await page.getByLabel('Notify me about').selectOption('none')
    await page.getByRole('button', { name: 'Star', exact: true }).click()
    await page.keyboard.press('Escape')
    await page.locator('section[aria-labelledby="starred-title"]').waitFor()
    await link(general).click()
    await page.getByRole('heading', { level: 1, name: 'general' }).waitFor()
    await bob.say(quiet, 'psst')
    await bob.say(quiet, `<@${ada.id}> look`)
    await link(quiet).locator('.badge.loud').waitFor()
    assert.match(await link(quiet).getAttribute('class'), /\bmuted\b/)
    assert.doesNotMatch(await link(quiet).getAttribute('class'), /\bunread\b/)
    assert.doesNotMatch(await page.title(), /^\(/)
    await eventually(async () => assert.match(await page.getAttribute('link[rel=icon]', 'href'), /dot/))
    await link(quiet).click()
    await eventually(async () => assert.equal(await link(quiet).locator('.badge').count(), 0))
    await eventually(async () =>
        assert.doesNotMatch(await page.getAttribute('link[rel=icon]', 'href'), /dot/),
    )
})

test('notifications are asked for after one has written, and come while the page is hidden', async () => {
    const context = await browser.newContext()
    await context.addInitScript(() => {
        window.notified = []
        window.front = true
        window.Notification = class {
            static permission = 'default'
            static requestPermission() {
                window.Notification.permission = 'granted'
                return Promise.resolve('granted')
            }
            constructor(title, { body }) {
                window.notified.push(`${title}: ${body}`)
            }
        }
        document.hasFocus = () => window.front
    })
    const other = await openWindow(context, ada, `/c/${general}`)
    await composer(other).waitFor()
    assert.equal(await other.locator('.prompt').count(), 0)
    await write(other, 'hello')
    await other.locator('.prompt').getByRole('button', { name: 'Turn on' }).click()
    await other.locator('.prompt').waitFor({ state: 'detached' })
    const { channel } = await bob.post('openDirect', { users: [ada.id] })
    await bob.say(channel.id, 'in front: not told')
    await other.locator(`.sidebar a[href="/c/${channel.id}"].unread`).waitFor()
    await other.evaluate(() => void (window.front = false))
    await bob.say(general, 'not for me')
    await bob.say(general, `<@${ada.id}> for *me*`)
    await bob.say(channel.id, 'just you')
    await eventually(async () =>
        assert.deepEqual(await other.evaluate(() => window.notified), [
            'Bob (#general): @Ada for me',
            'Bob: just you',
        ]),
    )
    assert.deepEqual(other.faults, [])
    await context.close()
})

test('the page had no error', () => assert.deepEqual(page.faults, []))
