/*
 * What the browser tests share: a real server on a free port with a scratch directory that can be
 * killed and started again, real people with accounts, and real Chromium. With PARLEY_FLEET set the
 * server is a fleet behind HAProxy.
 */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(fileURLToPath(import.meta.url), '../../..')
const { chromium } = createRequire(join(root, 'web/package.json'))('playwright-core')

const BINARY = resolve(root, process.env.PARLEY_BIN ?? 'build/release/parley')
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const FLAGS = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
]
const READY_TIMEOUT_MS = 20_000

function freePort() {
    return new Promise((done, failed) => {
        const probe = createServer()
        probe.once('error', failed)
        probe.listen(0, '127.0.0.1', () => {
            const { port } = probe.address()
            probe.close(() => done(port))
        })
    })
}

/* The same for a fleet behind HAProxy: another program starts, kills and ends it. */
class FleetServer {
    #child
    #lines

    static async start() {
        const server = new FleetServer()
        const script = join(root, 'tests/support/browser_fleet.py')
        server.#child = spawn('python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] })
        server.#lines = createInterface({ input: server.#child.stdout })[Symbol.asyncIterator]()
        server.url = (await server.#lines.next()).value
        assert.match(server.url ?? 'nothing', /^http:/)
        return server
    }

    async #tell(word) {
        this.#child.stdin.write(`${word}\n`)
        assert.equal((await this.#lines.next()).value, 'done')
    }

    /* kill -9 of every edge and API server. */
    kill() {
        return this.#tell('kill')
    }

    up() {
        return this.#tell('up')
    }

    async stop() {
        const ended = new Promise((done) => this.#child.once('exit', done))
        this.#child.stdin.end()
        await ended
    }
}

export class Server {
    #child = null
    #dir
    #port

    static async start() {
        if (process.env.PARLEY_FLEET) return FleetServer.start()
        const server = new Server()
        server.#dir = await mkdtemp(join(tmpdir(), 'parley-browser-'))
        server.#port = await freePort()
        await server.up()
        return server
    }

    get url() {
        return `http://127.0.0.1:${this.#port}`
    }

    /* Start the process on the same port and data, and wait until it says that it is ready. */
    async up() {
        const rates = ['--message-rate', '100000', '--message-burst', '100000']
        rates.push('--sign-ups-address', '100000', '--login-tries-address', '100000')
        const where = ['--listen', `127.0.0.1:${this.#port}`, '--data', join(this.#dir, 'data')]
        const child = spawn(BINARY, ['serve', ...where, ...rates], {
            stdio: ['ignore', 'pipe', 'inherit'],
        })
        this.#child = child
        await new Promise((ready, failed) => {
            const timer = setTimeout(() => failed(new Error('no server in time')), READY_TIMEOUT_MS)
            child.once('error', failed)
            child.once('exit', (code) => failed(new Error(`the server ended with ${code}`)))
            child.stdout.on('data', () => {
                clearTimeout(timer)
                ready()
            })
        })
    }

    /* kill -9. */
    async kill() {
        const child = this.#child
        const ended = new Promise((done) => child.once('exit', done))
        child.kill('SIGKILL')
        await ended
    }

    async stop() {
        await this.kill()
        await rm(this.#dir, { recursive: true, force: true })
    }
}

/* One person, by HTTP. */
export class Person {
    constructor(url, name, display_name) {
        Object.assign(this, { url, name, display_name, password: `secret of ${name}` })
    }

    static async signUp(url, name, display_name) {
        const person = new Person(url, name, display_name)
        const { user, token } = await person.post('signUp', {
            name,
            display_name,
            password: person.password,
        })
        return Object.assign(person, { id: user.id, token })
    }

    async post(op, args) {
        const headers = { 'content-type': 'application/json' }
        if (this.token) headers.authorization = `Bearer ${this.token}`
        const response = await fetch(`${this.url}/api/v1/${op}`, {
            method: 'POST',
            headers,
            body: JSON.stringify(args),
        })
        const answer = await response.json()
        assert.equal(answer.error, undefined, `${op}: ${answer.message}`)
        return answer
    }

    async createChannel(name, topic) {
        return (await this.post('createChannel', { name, topic })).channel.id
    }

    say(channel, text, more = {}) {
        return this.post('sendMessage', { channel, text, cmid: randomUUID(), ...more })
    }

    /* Everything in a channel, page by page. */
    async history(channel) {
        const events = []
        for (let after = 0; ;) {
            const page = await this.post('getMessages', { channel, after, limit: 500 })
            events.push(...page.events)
            if (!page.more_after) return events
            after = events[events.length - 1].seq
        }
    }
}

export async function launchBrowser() {
    return chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS })
}

/* A browser with a profile on disk, to be closed and started again as people do. */
export async function launchProfile(dir) {
    const options = { executablePath: CHROMIUM, headless: true, args: FLAGS }
    return chromium.launchPersistentContext(dir, options)
}

/*
 * A window of one person, logged in by the page itself. Given a browser it shares nothing with other
 * windows; given a context, it belongs to that.
 */
export async function openWindow(browser, person, path = '/', options = {}) {
    const context = browser.newContext
        ? await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options })
        : browser
    const page = await context.newPage()
    watch(page)
    await page.goto(person.url + path)
    await page.getByLabel('Name', { exact: true }).fill(person.name)
    await page.getByLabel('Password').fill(person.password)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.locator('.workspace').waitFor()
    return page
}

/* Collect what a page must not do. */
export function watch(page) {
    page.faults = []
    page.on('pageerror', (error) => page.faults.push(String(error.stack ?? error)))
    page.on('console', (line) => {
        if (/Content Security Policy/.test(line.text())) page.faults.push(line.text())
    })
}

export function composer(page) {
    return page.locator('.composer textarea')
}

export async function write(page, text) {
    await composer(page).fill(text)
    await composer(page).press('Enter')
}

/* The messages on the page, in order, and whether each is still on its way. */
export function shown(page) {
    return page.$$eval('.message', (rows) =>
        rows.map((row) => ({
            text: row.querySelector('.body > p:not(.reply, .delivery)')?.textContent ?? '',
            pending: row.classList.contains('pending'),
        })),
    )
}

/* Wait until a condition holds; the last reason why it does not is the failure. */
export async function eventually(check, timeout_ms = 15_000) {
    const until = Date.now() + timeout_ms
    for (;;) {
        try {
            return await check()
        } catch (error) {
            if (Date.now() > until) throw error
            await new Promise((done) => setTimeout(done, 50))
        }
    }
}
