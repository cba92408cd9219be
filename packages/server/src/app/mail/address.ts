// Addresses of mail: one mailbox, as people write it. Names, groups, quotes and control characters are refused, so that an address is never more
// than one address.

import { createHash } from 'node:crypto'
import { InputError } from '@tollgate/core'

const LENGTH_MAX = 254
const LOCAL_LENGTH_MAX = 64
const ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$/

/** The address without spaces around it. */
export function assertAddress(text: string, field: string): string {
  const address = text.trim()
  const local = address.split('@')[0]!
  if (address.length > LENGTH_MAX || local.length > LOCAL_LENGTH_MAX || !ADDRESS.test(address) || local.startsWith('.') || local.endsWith('.') || local.includes('..'))
    throw new InputError({ code: 'invalid_email', field, message: `${JSON.stringify(text.slice(0, 80))} is no address of mail such as ada@example.com` })
  return address
}

/** The same for the same mailbox, and nothing that it could be read from without knowing it. */
export function addressHash(address: string): string {
  return createHash('sha256').update(address.toLowerCase()).digest('base64url')
}
