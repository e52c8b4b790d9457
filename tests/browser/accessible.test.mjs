/* axe-core finds nothing to complain about on any view, in the light and in the dark. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { composer, launchBrowser, openWindow, Person, Server, watch } from './support.mjs'

const AXE = new URL('../../web/node_modules/axe-core/axe.min.js', import.meta.url)
const NARROW = { width: 390, height: 844 }

let server, browser, axe, ada, bob, general

before(async () => {
    axe = await readFile(AXE, 'utf8')
    server = await Server.start()
    browser = await launchBrowser()
    ada = await Person.signUp(server.url, 'ada', 'Ada Lovelace')
    bob = await Person.signUp(server.url, 'bob', 'Bob')
    general = await ada.createChannel('general', 'Everything else')
    const news = await ada.createChannel('news', '')
    await bob.post('joinChannel', { channel: general })
    await bob.post('joinChannel', { channel: news })
    await bob.say(general, 'Hello *there*, see https://example.org\n> quoted\n`code`')
    await bob.say(general, '```\nlong code\n```', {})
    await bob.say(general, `<@${ada.id}> look at <#${news}>`)
    await bob.say(news, 'unread')
    const { channel } = await bob.post('openDirect', { users: [ada.id] })
    await bob.say(channel.id, 'lunch?')
})

after(async () => {
    await browser?.close()
    await server?.stop()
})

async function judge(page, what) {
    await page.evaluate(axe)
    const violations = await page.evaluate(async () => {
        /* What fades in or out has no colour to judge yet. */
        await Promise.all(document.getAnimations().map((each) => each.finished.catch(() => {})))
        const { violations } = await window.axe.run(document, {
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        })
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`)
    })
    assert.deepEqual(violations, [], what)
    assert.deepEqual(page.faults, [])
}

const press = (name) => (page) => page.getByRole('button', { name }).first().click()

const VIEWS = {
    'a channel': async () => {},
    'a muted channel': async (page) => {
        await page.locator('.members').click()
        await page.getByLabel('Notify me about').selectOption('none')
        await page.keyboard.press('Escape')
        await page.keyboard.press('Alt+ArrowDown')
        await page.locator('.sidebar a.muted:not([aria-current])').waitFor()
    },
    'the switcher': async (page) => {
        await page.keyboard.press('Control+k')
        await page.locator('.option').first().waitFor()
    },
    'the shortcuts': async (page) => {
        await page.keyboard.press('Control+/')
        await page.locator('kbd').first().waitFor()
    },
    'browsing channels': async (page) => {
        await press('Browse channels')(page)
        await page.locator('.items .item').first().waitFor()
    },
    'creating a channel': async (page) => {
        await press('Create a channel')(page)
        await page.locator('dialog[open]').waitFor()
    },
    'choosing people': async (page) => {
        await press('New direct message')(page)
        await page.locator('.items .item').first().click()
        await page.locator('.chip').waitFor()
    },
    'the details': async (page) => {
        await page.locator('.members').click()
        await page.locator('.items .item').first().waitFor()
    },
    preferences: async (page) => {
        await press('Preferences')(page)
        await page.locator('dialog[open]').waitFor()
    },
    completion: async (page) => {
        await composer(page).pressSequentially('@b')
        await page.locator('.completion .option').first().waitFor()
    },
    'a channel that is not mine': async (page) => {
        await page.goto(`${page.url().replace(/\/c\/.*/, '')}/c/999999`)
        await page.getByRole('heading', { level: 1 }).waitFor()
    },
}

for (const colorScheme of ['light', 'dark'])
    test(`every view in the ${colorScheme}`, async (t) => {
        const page = await openWindow(browser, ada, `/c/${general}`, { colorScheme })
        for (const [name, act] of Object.entries(VIEWS))
            await t.test(name, async () => {
                await page.goto(`${server.url}/c/${general}`)
                await page.locator('.message').last().waitFor()
                await composer(page).fill('')
                await act(page)
                await judge(page, name)
            })
        await page.context().close()
    })

test('narrow, with the channels in front', async () => {
    const page = await openWindow(browser, ada, `/c/${general}`, { viewport: NARROW })
    await page.locator('.message').last().waitFor()
    await judge(page, 'narrow')
    await press('Show channels')(page)
    await page.locator('.menu-open').waitFor()
    await judge(page, 'the channels')
    await page.context().close()
})

test('logging in and signing up', async () => {
    const page = await browser.newPage()
    watch(page)
    for (const path of ['login', 'signup']) {
        await page.goto(`${server.url}/${path}`)
        await page.locator('form').waitFor()
        await judge(page, path)
    }
    await page.close()
})
