/* While one writes, people, channels and emoji are completed, with the keyboard and with the mouse. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { composer, eventually, launchBrowser, openWindow, Person, Server } from './support.mjs'

let server, browser, ada, bob, page, general, design

before(async () => {
    server = await Server.start()
    browser = await launchBrowser()
    ada = await Person.signUp(server.url, 'ada', 'Ada Lovelace')
    bob = await Person.signUp(server.url, 'bob', 'Bob')
    general = await ada.createChannel('general')
    design = await ada.createChannel('design')
    await bob.post('joinChannel', { channel: general })
    page = await openWindow(browser, ada, `/c/${general}`)
    await composer(page).waitFor()
})

after(async () => {
    await browser?.close()
    await server?.stop()
})

const option = () => page.locator('.completion .option[aria-selected="true"]')
const lastSent = async () => (await ada.history(general)).at(-1).text

test('a person is chosen by the keyboard and becomes a mention', async () => {
    await composer(page).pressSequentially('thanks @bo')
    await option().waitFor()
    assert.match(await option().textContent(), /Bob/)
    const active = await composer(page).getAttribute('aria-activedescendant')
    assert.equal(await option().getAttribute('id'), active)
    await page.keyboard.press('Enter')
    assert.equal(await composer(page).inputValue(), 'thanks @Bob ')
    await page.keyboard.type('for that')
    await page.keyboard.press('Enter')
    await page.locator('.message:not(.pending) .mention', { hasText: '@Bob' }).waitFor()
    assert.equal(await lastSent(), `thanks <@${bob.id}> for that`)
})

test('up and down go round, Escape leaves the word as it is', async () => {
    await composer(page).pressSequentially('@')
    await option().waitFor()
    const first = await option().textContent()
    await page.keyboard.press('ArrowDown')
    assert.notEqual(await option().textContent(), first)
    await page.keyboard.press('ArrowDown')
    assert.equal(await option().textContent(), first)
    await page.keyboard.press('Escape')
    await page.locator('.completion').waitFor({ state: 'hidden' })
    assert.equal(await composer(page).inputValue(), '@')
    await composer(page).fill('')
})

test('a channel is chosen by the mouse, and stays chosen over a reload', async () => {
    await composer(page).pressSequentially('see #des')
    await option().click()
    assert.equal(await composer(page).inputValue(), 'see #design ')
    await page.reload()
    await composer(page).waitFor()
    assert.equal(await composer(page).inputValue(), 'see #design ')
    await composer(page).press('Enter')
    await page.locator('.message:not(.pending) .mention', { hasText: '#design' }).waitFor()
    assert.equal(await lastSent(), `see <#${design}>`)
})

test('an emoji is put in by its name', async () => {
    await composer(page).pressSequentially('ready :rock')
    await option().waitFor()
    await page.keyboard.press('Tab')
    assert.equal(await composer(page).inputValue(), 'ready 🚀 ')
    await composer(page).fill('')
})

test('without a sign Enter sends and the arrows move the caret', async () => {
    await composer(page).pressSequentially('at 10:30')
    await page.keyboard.press('Enter')
    await eventually(async () => assert.equal(await lastSent(), 'at 10:30'))
})

test('the page had no error', () => assert.deepEqual(page.faults, []))
