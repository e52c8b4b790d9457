/* Two people chat, and what they said survives the death of the server. */

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
    watch,
    write,
} from './support.mjs'

let server, browser, ada, bob, ada_page, bob_page, channel

before(async () => {
    server = await Server.start()
    browser = await launchBrowser()
    ada = await Person.signUp(server.url, 'ada', 'Ada Lovelace')
    bob = await Person.signUp(server.url, 'bob', 'Bob')
    channel = await ada.createChannel('general', 'Everything else')
    await bob.post('joinChannel', { channel })
    ada_page = await openWindow(browser, ada, `/c/${channel}`)
    bob_page = await openWindow(browser, bob, `/c/${channel}`)
})

after(async () => {
    await browser?.close()
    await server?.stop()
})

const texts = async (page) => (await shown(page)).map((message) => message.text)

async function bothShow(expected) {
    for (const page of [ada_page, bob_page])
        await eventually(async () => {
            const messages = await shown(page)
            assert.deepEqual(
                messages.map((message) => message.text),
                expected,
            )
            assert.ok(messages.every((message) => !message.pending))
        })
}

test('signing up, with its errors, and logging out', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(`${server.url}/signup`)
    await page.getByLabel('Name', { exact: true }).fill('ada')
    await page.getByLabel('Password').fill('long enough')
    await page.getByRole('button', { name: 'Sign up' }).click()
    assert.notEqual(await page.getByRole('alert').textContent(), '')
    await page.getByLabel('Name', { exact: true }).fill('cleo')
    await page.getByRole('button', { name: 'Sign up' }).click()
    await page.locator('.sidebar').waitFor()
    await page.reload()
    await page.locator('.sidebar').waitFor()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByRole('heading', { name: 'Log in to Parley' }).waitFor()
    await page.getByLabel('Name', { exact: true }).fill('cleo')
    await page.getByLabel('Password').fill('not the password')
    await page.getByRole('button', { name: 'Log in' }).click()
    assert.notEqual(await page.getByRole('alert').textContent(), '')
    await context.close()
})

test('what one writes the other sees at once', async () => {
    await write(ada_page, 'hello *Bob*')
    await write(bob_page, 'hello Ada')
    await write(ada_page, 'how are you?')
    await bothShow(['hello Bob', 'hello Ada', 'how are you?'])
})

test("one's own message is on the page in the frame after Enter", async () => {
    await composer(ada_page).fill('quick')
    const painted = await ada_page.evaluate(async () => {
        const field = document.querySelector('.composer textarea')
        field.dispatchEvent(
            new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }),
        )
        await new Promise(requestAnimationFrame)
        return [...document.querySelectorAll('.message')].at(-1).textContent.includes('quick')
    })
    assert.ok(painted)
    await bothShow(['hello Bob', 'hello Ada', 'how are you?', 'quick'])
})

test('nothing is lost or doubled when the server is killed while both write', async () => {
    const expected_ada = []
    const expected_bob = []
    const before_kill = await texts(ada_page)
    for (let i = 0; i < 10; i++) {
        await write(ada_page, `ada ${i}`)
        await write(bob_page, `bob ${i}`)
        expected_ada.push(`ada ${i}`)
        expected_bob.push(`bob ${i}`)
        if (i === 4) await server.kill()
    }
    const waiting = await shown(ada_page)
    assert.ok(
        waiting.some((message) => message.pending),
        'messages wait while there is no server',
    )
    await ada_page.getByText('No connection to the server.').waitFor()
    await composer(ada_page).fill('typed while it was away')
    await server.up()
    await ada_page
        .getByRole('button', { name: 'Retry now' })
        .click({ timeout: 2000 })
        .catch(() => {})
    await eventually(async () => {
        for (const page of [ada_page, bob_page]) {
            const messages = await shown(page)
            assert.equal(messages.length, before_kill.length + 20)
            assert.ok(messages.every((message) => !message.pending))
        }
    }, 40_000)
    const stored = (await ada.history(channel)).filter((event) => event.ev === 'message')
    const after_kill = stored.slice(before_kill.length).map((event) => event.text)
    assert.deepEqual((await texts(ada_page)).slice(before_kill.length), after_kill)
    assert.deepEqual(await texts(bob_page), await texts(ada_page))
    assert.deepEqual(
        after_kill.filter((text) => text.startsWith('ada')),
        expected_ada,
    )
    assert.deepEqual(
        after_kill.filter((text) => text.startsWith('bob')),
        expected_bob,
    )
    assert.equal(await composer(ada_page).inputValue(), 'typed while it was away')
    await composer(ada_page).fill('')
})

test('the outbox and the draft survive a reload without a server', async () => {
    await server.kill()
    await write(ada_page, 'kept one')
    await write(ada_page, 'kept two')
    await composer(ada_page).fill('half a thought')
    const context = ada_page.context()
    await ada_page.close()
    await server.up()
    ada_page = await context.newPage()
    watch(ada_page)
    await ada_page.goto(`${server.url}/c/${channel}`)
    await eventually(async () => {
        for (const page of [ada_page, bob_page]) {
            assert.deepEqual((await texts(page)).slice(-2), ['kept one', 'kept two'])
            assert.ok((await shown(page)).every((message) => !message.pending))
        }
    }, 40_000)
    assert.equal(await composer(ada_page).inputValue(), 'half a thought')
    await composer(ada_page).fill('')
})

test('a message that is too long is not sent', async () => {
    await composer(ada_page).fill('x'.repeat(16_385))
    await composer(ada_page).press('Enter')
    await ada_page.getByText('too long by 1 byte').waitFor()
    await composer(ada_page).fill('')
})

test('a refused message says so, can be sent again and deleted', async () => {
    const page = await openRewired(ada, (frame, answer) => {
        if (!/"text":"refuse/.test(frame)) return frame
        answer({ re: JSON.parse(frame).id, error: 'forbidden', message: 'Not that.' })
        return null
    })
    const before_refusal = (await shown(page)).length
    await write(page, 'refuse me')
    await write(page, 'but take me')
    await page.getByText('Not sent. Not that.').waitFor()
    await eventually(async () =>
        assert.deepEqual((await shown(bob_page)).at(-1), { text: 'but take me', pending: false }),
    )
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Not sent. Not that.').waitFor()
    await page.getByRole('button', { name: 'Delete' }).click()
    await eventually(async () => assert.equal((await shown(page)).length, before_refusal + 1))
    await page.context().close()
})

test('an event that never came is noticed by the next one and fetched', async () => {
    const page = await openRewired(
        bob,
        (frame) => frame,
        (frame) => {
            const { ev, text } = JSON.parse(frame)
            return ev === 'message' && text.startsWith('lost') ? null : frame
        },
    )
    await ada.say(channel, 'lost on the way 1')
    await ada.say(channel, 'lost on the way 2')
    await ada.say(channel, 'arrived')
    await eventually(async () =>
        assert.deepEqual((await texts(page)).slice(-3), [
            'lost on the way 1',
            'lost on the way 2',
            'arrived',
        ]),
    )
    await page.context().close()
})

/* A window whose frames pass through our hands: null leaves one out. */
async function openRewired(person, toServer, toPage = (frame) => frame) {
    const context = await browser.newContext()
    await context.routeWebSocket(/\/ws$/, (socket) => {
        const upstream = socket.connectToServer()
        const answer = (object) => socket.send(JSON.stringify(object))
        socket.onMessage((frame) => {
            const passed = toServer(frame, answer)
            if (passed !== null) upstream.send(passed)
        })
        upstream.onMessage((frame) => {
            const passed = toPage(frame)
            if (passed !== null) socket.send(passed)
        })
    })
    const page = await openWindow(context, person, `/c/${channel}`)
    await page.locator('.message').first().waitFor()
    return page
}

test('unread messages are counted, shown by a line, and read by looking', async () => {
    const second = await ada.createChannel('second')
    await bob.post('joinChannel', { channel: second })
    const link = ada_page.locator(`.sidebar a[href="/c/${second}"]`)
    await link.waitFor()
    for (let i = 0; i < 3; i++) await bob.say(second, `news ${i}`)
    await eventually(async () => assert.match(await link.textContent(), /3/))
    await eventually(async () => assert.match(await ada_page.title(), /^\(3\)/))
    await link.click()
    await ada_page.locator('.new-line').waitFor()
    await eventually(async () => assert.equal(await link.locator('.badge').count(), 0))
    await eventually(async () => assert.doesNotMatch(await ada_page.title(), /^\(/))
    /* The page does not wait for the answer; in a fleet another process is asked here. */
    await eventually(async () => {
        const { channels } = await ada.post('getChannels', {})
        assert.equal(channels.find((each) => each.id === second).unread, 0)
    })
    await ada_page.goBack()
    await ada_page.getByRole('heading', { level: 1, name: 'general' }).waitFor()
    await ada_page.goForward()
    await ada_page.getByRole('heading', { level: 1, name: 'second' }).waitFor()
})

test('channels are created, found and joined, and people written to', async () => {
    await ada_page.getByRole('button', { name: 'Create a channel' }).click()
    await ada_page.getByLabel('Name', { exact: true }).fill('Tea Time')
    await ada_page.getByLabel('Topic (optional)').fill('With biscuits')
    await ada_page.getByRole('button', { name: 'Create', exact: true }).click()
    await ada_page.getByRole('heading', { level: 1, name: 'tea-time' }).waitFor()
    await bob_page.getByRole('button', { name: 'Browse channels' }).click()
    await bob_page.getByLabel('Find a channel').fill('tea')
    await bob_page.locator('.items button').first().click()
    await bob_page.getByRole('heading', { level: 1, name: 'tea-time' }).waitFor()
    await ada_page.getByText('Bob joined').waitFor()
    await bob_page.getByRole('button', { name: 'New direct message' }).click()
    await bob_page.getByLabel('Find a person').fill('lovelace')
    await bob_page.locator('.items button').first().click()
    await bob_page.getByRole('button', { name: 'Start conversation' }).click()
    await bob_page.getByRole('heading', { level: 1, name: 'Ada Lovelace' }).waitFor()
    await write(bob_page, 'just between us')
    await ada_page.locator('.sidebar a.unread', { hasText: 'Bob' }).click()
    await ada_page.getByText('just between us').waitFor()
})

test('markup in a message is text, and only safe links are links', async () => {
    await write(
        bob_page,
        '<img src=x onerror=alert(1)> [click](javascript:alert(1)) https://example.org/a_b_c.',
    )
    const row = ada_page.locator('.message').last()
    await row.getByText('<img src=x onerror=alert(1)>').waitFor()
    assert.deepEqual(
        await row.locator('a').evaluateAll((links) => links.map((a) => [a.href, a.rel, a.target])),
        [['https://example.org/a_b_c', 'noopener noreferrer', '_blank']],
    )
})

test('no page had an error or broke the content security policy', () => {
    assert.deepEqual([...ada_page.faults, ...bob_page.faults], [])
})
