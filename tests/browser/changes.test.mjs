/* Messages that are edited, deleted and reacted to: live, and when the page is loaded again. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { composer, eventually, launchBrowser, openWindow, Person, Server } from './support.mjs'

let server, browser, ada, bob, page, channel

before(async () => {
    server = await Server.start()
    browser = await launchBrowser()
    ada = await Person.signUp(server.url, 'ada', 'Ada')
    bob = await Person.signUp(server.url, 'bob', 'Bob')
    channel = await ada.createChannel('general')
    await bob.post('joinChannel', { channel })
    page = await openWindow(browser, ada, `/c/${channel}`)
    await composer(page).waitFor()
})

after(async () => {
    await browser?.close()
    await server?.stop()
})

const by_bob = (operation, args) => bob.post(operation, { channel, cmid: randomUUID(), ...args })
const row = (seq) => page.locator(`[data-seq="${seq}"]`)

async function expectChanged(edited, deleted) {
    await row(edited).getByText('a better text').waitFor()
    await row(edited).getByText('(edited)').waitFor()
    await row(edited).locator('.reactions').getByText('+1 1').waitFor()
    await row(deleted).getByText('This message was deleted.').waitFor()
    await page.locator('[role="log"]').getByText('the last one').waitFor()
    const text = await page.locator('[role="log"]').innerText()
    assert.doesNotMatch(text, /a first text|a secret|undefined/)
}

test('changes are seen in their messages, at once and after a reload', async () => {
    const edited = (await by_bob('sendMessage', { text: 'a first text' })).seq
    const deleted = (await by_bob('sendMessage', { text: 'a secret' })).seq
    await row(deleted).getByText('a secret').waitFor()
    await by_bob('editMessage', { target: edited, text: 'a better text' })
    await by_bob('addReaction', { target: edited, emoji: '+1' })
    await by_bob('addReaction', { target: edited, emoji: 'eyes' })
    await by_bob('removeReaction', { target: edited, emoji: 'eyes' })
    await by_bob('deleteMessage', { target: deleted })
    await by_bob('sendMessage', { text: 'the last one' })
    await expectChanged(edited, deleted)
    await eventually(async () =>
        assert.equal(await row(edited).locator('.reactions li').count(), 1),
    )
    await page.reload()
    await expectChanged(edited, deleted)
})
