/* A long history is read to its beginning, and what is being read never moves. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, launchBrowser, openWindow, Person, Server } from './support.mjs'

const MESSAGES = 10_000
const NODES_MAX = 1500
const FRAME_P95_MAX_MS = 34

let server, browser, ada, bob, page, channel, stored

before(async () => {
    server = await Server.start()
    browser = await launchBrowser()
    ada = await Person.signUp(server.url, 'ada', 'Ada')
    bob = await Person.signUp(server.url, 'bob', 'Bob')
    channel = await ada.createChannel('annals')
    await bob.post('joinChannel', { channel })
    await post(MESSAGES)
    stored = await ada.history(channel)
    await ada.post('markRead', { channel, seq: stored.at(-1).seq })
    page = await openWindow(browser, ada, `/c/${channel}`)
    await page.locator('.message').first().waitFor()
})

after(async () => {
    await browser?.close()
    await server?.stop()
})

/* Messages of all shapes, several at a time. */
async function post(count) {
    for (let from = 0; from < count; from += 40) {
        const some = Array.from({ length: Math.min(40, count - from) }, (_, i) => from + i)
        await Promise.all(some.map((i) => ((i >> 2) % 2 ? ada : bob).say(channel, textOf(i))))
    }
}

function textOf(i) {
    if (i % 31 === 0) return `${i} ${'a long line that wraps around on every screen '.repeat(9)}`
    if (i % 17 === 0) return `${i}\n\`\`\`\nlet code = ${i}\nreturn code\n\`\`\``
    if (i % 11 === 0) return `${i} first\n> quoted\nlast, with https://example.org/${i}`
    return `message ${i}`
}

/* In the page: the first row that begins inside the list, and where. */
function install() {
    const list = document.querySelector('.messages')
    const topOf = (row) => row.getBoundingClientRect().top - list.getBoundingClientRect().top
    const painted = () =>
        new Promise((done) =>
            requestAnimationFrame(() => {
                const { port1, port2 } = new MessageChannel()
                port1.onmessage = done
                port2.postMessage(null)
            }),
        )
    window.probe = {
        list,
        seen: new Set(),
        nodes: 0,
        first() {
            const rows = [...document.querySelectorAll('.message')]
            const row =
                rows.find((each) => topOf(each) >= 0 && topOf(each) < list.clientHeight) ??
                rows.findLast((each) => topOf(each) < 0)
            return { seq: row.dataset.seq, top: topOf(row) }
        },
        topOfSeq(seq) {
            const row = document.querySelector(`.message[data-seq="${seq}"]`)
            return row ? topOf(row) : null
        },
        look() {
            for (const row of document.querySelectorAll('[data-key]'))
                if (row.dataset.seq) this.seen.add(Number(row.dataset.seq))
            this.nodes = Math.max(this.nodes, document.querySelectorAll('*').length)
        },
        /* The largest move of what is being read, over some painted frames. */
        async drift(frames) {
            const { seq, top } = this.first()
            let drift = 0
            for (let i = 0; i < frames; i++) {
                await painted()
                this.look()
                drift = Math.max(drift, Math.abs(this.topOfSeq(seq) - top))
            }
            return drift
        },
        /* Up or down in steps to an end, holding still after each. */
        async travel(direction) {
            let drift = 0
            let prepends = 0
            for (let still = 0; still < 40;) {
                const before = list.scrollTop
                const height = list.scrollHeight
                list.scrollTop += direction * list.clientHeight * 0.9
                still = list.scrollTop === before ? still + 1 : 0
                drift = Math.max(drift, await this.drift(2))
                if (list.scrollHeight !== height) prepends++
            }
            return { drift, prepends }
        },
    }
}

const distanceToEnd = () =>
    page.evaluate(() => probe.list.scrollHeight - probe.list.clientHeight - probe.list.scrollTop)

test('a channel opens at its end', async () => {
    await page.evaluate(install)
    await eventually(async () => assert.ok((await distanceToEnd()) < 1))
    const last = await page.locator('.message').last().getAttribute('data-seq')
    assert.equal(Number(last), stored.at(-1).seq)
})

test('scrolling up reads every message to the first without a jump', async () => {
    const { drift, prepends } = await page.evaluate(() => probe.travel(-1))
    assert.equal(drift, 0)
    assert.ok(prepends > 10, `${prepends} changes above`)
    await page.getByText('This is the beginning of the channel.').waitFor()
    const seen = await page.evaluate(() => [...probe.seen])
    const messages = stored.filter((event) => event.ev === 'message').map((event) => event.seq)
    assert.deepEqual(
        seen.sort((a, b) => a - b),
        messages,
    )
})

test('scrolling down again reaches the end without a jump', async () => {
    const { drift } = await page.evaluate(() => probe.travel(1))
    assert.equal(drift, 0)
    const last = await page.locator('.message').last().getAttribute('data-seq')
    assert.equal(Number(last), stored.at(-1).seq)
})

/* In the page: the intervals of frames while the list is scrolled up evenly, as by a fast wheel. */
async function scrollFrames(count) {
    const intervals = []
    let last = await new Promise(requestAnimationFrame)
    for (let i = 0; i < count; i++) {
        probe.list.scrollTop -= 100
        const now = await new Promise(requestAnimationFrame)
        intervals.push(now - last)
        last = now
    }
    return intervals.sort((a, b) => a - b)[Math.floor(count * 0.95)]
}

/* The machine may be busy with something else: of some runs the best one counts. */
test('scrolling is smooth', async (t) => {
    let best = Infinity
    for (let run = 0; run < 6 && best >= FRAME_P95_MAX_MS; run++)
        best = Math.min(best, await page.evaluate(scrollFrames, 240))
    t.diagnostic(`95 % of the frames within ${best.toFixed(1)} ms`)
    assert.ok(best < FRAME_P95_MAX_MS, `${best} ms`)
})

test('the page stays small however much was read', async (t) => {
    const nodes = await page.evaluate(() => probe.nodes)
    t.diagnostic(`${nodes} nodes at most`)
    assert.ok(nodes <= NODES_MAX, `${nodes} nodes`)
})

test('new messages do not move what is read further up', async () => {
    await page.evaluate(() => void (probe.list.scrollTop -= 1500))
    const drift = page.evaluate(() => probe.drift(60))
    for (let i = 0; i < 20; i++) await bob.say(channel, `news ${i}\nof two lines`)
    assert.equal(await drift, 0)
})

test('resizing the window does not move what is read', async () => {
    const { seq, top } = await page.evaluate(() => probe.first())
    for (const size of [
        { width: 900, height: 800 },
        { width: 500, height: 700 },
        { width: 1300, height: 900 },
        { width: 1200, height: 800 },
    ]) {
        await page.setViewportSize(size)
        await eventually(async () =>
            assert.equal(await page.evaluate((wanted) => probe.topOfSeq(wanted), seq), top),
        )
    }
})

test('the wheel goes up without a jump', async () => {
    await page.locator('.messages').hover()
    for (let i = 0; i < 25; i++) await page.mouse.wheel(0, -700)
    await eventually(async () => {
        const before = await page.evaluate(() => probe.list.scrollTop)
        const drift = await page.evaluate(() => probe.drift(10))
        assert.equal(before, await page.evaluate(() => probe.list.scrollTop))
        assert.equal(drift, 0)
    })
})

test('at the end one stays at the end, whatever arrives', async () => {
    await page.locator('.jump').click()
    await eventually(async () => assert.ok((await distanceToEnd()) < 1))
    for (let i = 0; i < 5; i++) await bob.say(channel, `the end ${i}\nreally`)
    await page.locator('.message', { hasText: 'the end 4' }).waitFor()
    assert.ok((await distanceToEnd()) < 1)
    await page.setViewportSize({ width: 700, height: 500 })
    await eventually(async () => assert.ok((await distanceToEnd()) < 1))
})

test('coming back to a channel, one is where one was', async () => {
    await page.setViewportSize({ width: 1200, height: 800 })
    const other = await ada.createChannel('elsewhere')
    await page.evaluate(() => void (probe.list.scrollTop -= 2000))
    await page.waitForTimeout(100)
    const { seq, top } = await page.evaluate(() => probe.first())
    await page.locator(`.sidebar a[href="/c/${other}"]`).click()
    await page.getByRole('heading', { level: 1, name: 'elsewhere' }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { level: 1, name: 'annals' }).waitFor()
    await page.evaluate(install)
    assert.equal(await page.evaluate((wanted) => probe.topOfSeq(wanted), seq), top)
})

test('the page had no error', () => assert.deepEqual(page.faults, []))
