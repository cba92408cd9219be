// Cursors of lists: opaque to the client, and good for the list that they came from only.

import { InputError } from '@tollgate/core'

export function writeCursor(list: string, position: string | null): string | null {
  return position === null ? null : Buffer.from(`${list}:${position}`).toString('base64url')
}

export function readCursor(list: string, cursor: string | undefined): string | null {
  if (cursor === undefined) return null
  const text = Buffer.from(cursor, 'base64url').toString()
  if (!text.startsWith(`${list}:`) || !/^[\x20-\x7e]{1,200}$/.test(text)) throw invalid()
  return text.slice(list.length + 1)
}

/** A cursor whose position is a sequence of the database. */
export function readSequence(list: string, cursor: string | undefined): bigint | null {
  const position = readCursor(list, cursor)
  if (position === null) return null
  if (!/^\d{1,18}$/.test(position)) throw invalid()
  return BigInt(position)
}

function invalid(): InputError {
  return new InputError({ code: 'invalid_cursor', field: 'cursor', message: 'cursor must be the next_cursor of an earlier page of this list' })
}
