// Keys and secrets: sealing what must be read again (provider keys, webhook secrets) under the master key, and hashing
// what must only be recognised (our own API keys). Invariant: a sealed text opens only for the record it was sealed for, and a raw key
// is never stored.

import { createCipheriv, createDecipheriv, createHash, createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { KeyScope } from '@tollgate/core'

/** Version of the format; another algorithm or key gets another prefix and both can be read for a while. */
const SEALED_PREFIX = 'v1.'
const NONCE_BYTES = 12
const TAG_BYTES = 16
export const MASTER_KEY_BYTES = 32

/** AES-256-GCM under the master key, bound to `recordId`: copied to another record it does not open. */
export function seal(masterKey: Uint8Array, text: string, recordId: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce).setAAD(Buffer.from(recordId))
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return SEALED_PREFIX + sealed.toString('base64url')
}

/** @throws {SealError} when the master key or the record is another one, or the text was changed. */
export function open(masterKey: Uint8Array, sealed: string, recordId: string): string {
  if (!sealed.startsWith(SEALED_PREFIX)) throw new SealError(recordId)
  const bytes = Buffer.from(sealed.slice(SEALED_PREFIX.length), 'base64url')
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new SealError(recordId)
  const decipher = createDecipheriv('aes-256-gcm', masterKey, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(recordId)).setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    throw new SealError(recordId)
  }
}

export class SealError extends Error {
  override readonly name = 'SealError'
  readonly code = 'secret_not_readable'
  readonly retryable = false

  constructor(recordId: string) {
    super(`The secret of ${recordId} cannot be read with this master key. Start with the key it was stored under (TOLLGATE_MASTER_KEY or master.key in the data folder), or store the secret again.`)
  }
}

/** 256 random bits: a plain hash is enough to store it by, and it cannot be guessed. */
export function mintKey(scope: KeyScope): string {
  return mintSecret(`tg_${scope}_`)
}

/** A prefix that says what it is, and 256 random bits. */
export function mintSecret(prefix: string): string {
  return prefix + randomBytes(32).toString('base64url')
}

/** What the database keeps of a raw key: SHA-256, hexadecimal. */
export function hashKey(rawKey: string): string {
  return hash('sha256', rawKey, 'hex')
}

/** What only we can have written: for links whose word nobody stores. `purpose` keeps a proof of one thing from proving another. */
export function proofOf(masterKey: Uint8Array, purpose: string, text: string): string {
  return createHmac('sha256', masterKey).update(`${purpose}\n${text}`).digest('base64url')
}

/** The part of a key that lists may show: scope and four letters. */
export function keyHint(rawKey: string): string {
  const start = rawKey.startsWith('tg_') ? rawKey.indexOf('_', 3) + 1 : 0
  return `${rawKey.slice(0, start + 4)}…`
}

/** Compares without telling by its duration how much agrees. */
export function isEqualSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())
}

/** Our keys, the providers' usual ones, bearer tokens, webhook secrets and the password of a URL. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\b(tg_[a-z]+_)[A-Za-z0-9_-]{16,}/g, '$1[secret]'],
  [/\b(sk-|sk_live_|sk_test_|rk_live_|rk_test_|whsec_|AIza|xox[bp]-)[A-Za-z0-9_-]{8,}/g, '$1[secret]'],
  [/\b(Bearer\s+)(?!\[secret\])[A-Za-z0-9._~+/=-]{8,}/gi, '$1[secret]'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/"]*:)[^\s@/"]+@/gi, '$1[secret]@'],
]

/** Removes what looks like a secret from a line of text. */
export function redactText(text: string): string {
  return SECRETS.reduce((line, [pattern, replacement]) => line.replace(pattern, replacement), text)
}
