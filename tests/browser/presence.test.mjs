/* Who is there is seen in the sidebar, in the header and among the members. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { composer, eventually, launchBrowser, openWindow, Person, Server } from './support.mjs'

let server, browser, ada, bob, page, direct, general

before(async () => {
    server = await Server.start()
    browser = await launchBrowser()
    ada = await Person.signUp(server.url, 'ada', 'Ada')
    bob = await Person.signUp(server.url, 'bob', 'Bob')
    general = await ada.createChannel('general')
    await bob.post('joinChannel', { channel: general })
    direct = (await ada.post('openDirect', { users: [bob.id] })).channel.id
    page = await openWindow(browser, ada, `/c/${direct}`)
    await composer(page).waitFor()
})

after(async () => {
    await browser?.close()
    await server?.stop()
})

const inSidebar = () => page.locator(`.sidebar a[href="/c/${direct}"] .presence`)
const inHeader = () => page.locator('.channel-header .presence-word')

async function bothSay(state) {
    await inHeader().getByText(state, { exact: true }).waitFor()
    await eventually(async () =>
        assert.match(await inSidebar().getAttribute('class'), new RegExp(`\\b${state}\\b`)),
    )
}

test('somebody comes, is away after ten minutes without a touch, comes back, and goes', async () => {
    await bothSay('offline')
    const context = await browser.newContext()
    await context.clock.install()
    const bob_page = await openWindow(context, bob, `/c/${general}`)
    await bothSay('online')
    await bob_page.clock.fastForward('10:01')
    await bothSay('away')
    await bob_page.mouse.move(200, 200)
    await bob_page.mouse.move(210, 210)
    await bothSay('online')
    await context.close()
    await bothSay('offline')
})

test('members show it, too, and it is watched again after the server was away', async () => {
    await page.locator('.members').click()
    const mine = page.locator('.items .item', { hasText: 'Ada' }).locator('.presence')
    await eventually(async () => assert.match(await mine.getAttribute('class'), /online/))
    await page.keyboard.press('Escape')
    await server.kill()
    await server.up()
    const bob_page = await openWindow(browser, bob, `/c/${general}`)
    await inHeader().getByText('online', { exact: true }).waitFor({ timeout: 40_000 })
    await bob_page.context().close()
})

test('the page had no error', () => assert.deepEqual(page.faults, []))
