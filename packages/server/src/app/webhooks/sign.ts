// The signature of Standard Webhooks 1.0: HMAC-SHA256 over id, time and body, so that a receiver knows that the message is ours,
// whole and recent. Several signatures, joined by spaces, while a secret is being rotated.

import { createHmac } from 'node:crypto'

export type Signed = { readonly id: string; /** Unix seconds of the attempt. */ readonly timestamp: number; readonly body: string }

/** Headers of one attempt. `secrets` are as they were given out, `whsec_…`. */
export function signedHeaders(message: Signed, secrets: readonly string[]): Record<string, string> {
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(message.timestamp),
    'webhook-signature': secrets.map((secret) => `v1,${signature(message, secret)}`).join(' '),
  }
}

function signature({ id, timestamp, body }: Signed, secret: string): string {
  return createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64')).update(`${id}.${timestamp}.${body}`).digest('base64')
}
