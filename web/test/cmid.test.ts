/* Client message ids: what a fleet reads out of them. */

import { expect, test } from 'vitest'
import { newCmid } from '../src/ui/cmid'

test('a cmid is a UUID of version 7 that holds its time', () => {
    const now = 0x0190_1234_5678
    const cmid = newCmid(now)
    expect(cmid).toMatch(/^01901234-5678-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('two cmids of the same moment differ', () => {
    expect(newCmid(1)).not.toBe(newCmid(1))
})
