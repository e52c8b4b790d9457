/*
 * A new client message id: a UUID of version 7, that is the time and random bits. A fleet sees by
 * the time that it is new. (crypto.randomUUID gives another version, and is missing on plain http.)
 */

export function newCmid(now: number = Date.now()): string {
    const bytes = crypto.getRandomValues(new Uint8Array(16))
    new DataView(bytes.buffer).setUint16(0, Math.floor(now / 2 ** 32))
    new DataView(bytes.buffer).setUint32(2, now >>> 0)
    bytes[6] = (bytes[6]! & 0x0f) | 0x70
    bytes[8] = (bytes[8]! & 0x3f) | 0x80
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
