/*
 * Why a request failed. `code` is a word of the protocol's table, or `disconnected` when no answer
 * came and the outcome is unknown. `message` is for people.
 */

export class RequestError extends Error {
    constructor(
        readonly code: string,
        message: string,
        readonly retry_after_ms?: number,
    ) {
        super(message)
    }

    /* Whether the same request may succeed later, unchanged. */
    get retryable(): boolean {
        return RETRYABLE.has(this.code)
    }
}

const RETRYABLE = new Set(['disconnected', 'rate_limited', 'unavailable', 'internal', 'disk_full'])

/* The error in an answer's body, if it has one. */
export function errorOf(answer: unknown): RequestError | null {
    if (typeof answer !== 'object' || answer === null || !('error' in answer)) return null
    const { error, message, retry_after_ms } = answer as Record<string, unknown>
    return new RequestError(
        String(error),
        typeof message === 'string' ? message : String(error),
        typeof retry_after_ms === 'number' ? retry_after_ms : undefined,
    )
}

/* Words for people, whatever was thrown. */
export function messageOf(thrown: unknown): string {
    return thrown instanceof Error ? thrown.message : String(thrown)
}
