/* The client stays light: what a browser has to fetch and read before anything is shown. */

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'

const ASSETS = new URL('../../web/dist/assets/', import.meta.url)
const SCRIPT_MAX_BYTES = 60 * 1024

test('all scripts together have at most 60 KB when compressed', async (t) => {
    const names = (await readdir(ASSETS)).filter((name) => name.endsWith('.js'))
    assert.ok(names.length > 0)
    const files = await Promise.all(names.map((name) => readFile(new URL(name, ASSETS))))
    const bytes = files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0)
    t.diagnostic(`${bytes} bytes`)
    assert.ok(bytes <= SCRIPT_MAX_BYTES, `${bytes} bytes`)
})
