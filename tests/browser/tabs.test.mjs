/* The tabs of one person agree on drafts and on what is read. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { composer, eventually, launchBrowser, openWindow, Person, Server, watch } from './support.mjs'

let server, browser, ada, bob, one, two, channel

before(async () => {
    server = await Server.start()
    browser = await launchBrowser()
    ada = await Person.signUp(server.url, 'ada', 'Ada')
    bob = await Person.signUp(server.url, 'bob', 'Bob')
    channel = await ada.createChannel('general')
    one = await openWindow(browser, ada, `/c/${channel}`)
    two = await one.context().newPage()
    watch(two)
    await two.goto(`${server.url}/c/${channel}`)
    for (const page of [one, two]) await composer(page).waitFor()
})

after(async () => {
    await browser?.close()
    await server?.stop()
})

test('a draft is the same in both tabs, and gone when it is sent', async () => {
    await composer(one).fill('half a thought')
    await eventually(async () => assert.equal(await composer(two).inputValue(), 'half a thought'))
    await composer(two).fill('a whole thought')
    await eventually(async () => assert.equal(await composer(one).inputValue(), 'a whole thought'))
    await composer(two).press('Enter')
    await eventually(async () => assert.equal(await composer(one).inputValue(), ''))
})

test('what is read in one tab is read in the other', async () => {
    const news = await ada.createChannel('news')
    await bob.post('joinChannel', { channel: news })
    await bob.say(news, 'hear this')
    const link = (page) => page.locator(`.sidebar a[href="/c/${news}"]`)
    for (const page of [one, two])
        await eventually(async () => assert.match(await link(page).getAttribute('class'), /unread/))
    await two.bringToFront()
    await link(two).click()
    for (const page of [one, two])
        await eventually(async () =>
            assert.doesNotMatch((await link(page).getAttribute('class')) ?? '', /unread/),
        )
})

test('the pages had no errors', () => assert.deepEqual([...one.faults, ...two.faults], []))
