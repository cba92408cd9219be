// Until when the hold of an admitted request stands in doubt after its process died, and that each is found by its own id.

import { BACKGROUND_TTL_MS, DOUBT_REQUEST_MS, instant, ZERO } from '@tollgate/core'
import { expect, test } from 'vitest'
import { decodeGroups, encodeGroup } from './journal-line.ts'
import { systemClock } from '../platform/clock.ts'
import { intentOf, reservationBook, type Reservation } from './reservation.ts'

test('the hold of what a provider goes on with outlives its process; that of a plain request does not', () => {
  const endOf = (input: { readonly repeatable: boolean; readonly outlives?: boolean }) => {
    const reservation = { id: 'res_a', input: { customer: 'cus_a', ...input }, createdAt: instant(0), expiresAt: instant(BACKGROUND_TTL_MS), estimate: ZERO, holds: [] } as unknown as Reservation
    const [record] = decodeGroups(encodeGroup([intentOf(reservation)]), new Set(['intent'] as const)).records
    return record?.kind === 'intent' ? record.body[3] : null
  }
  expect([endOf({ repeatable: false }), endOf({ repeatable: true }), endOf({ repeatable: false, outlives: true })]).toEqual([DOUBT_REQUEST_MS, BACKGROUND_TTL_MS, BACKGROUND_TTL_MS])
})

test('reservations whose ids end alike are found, listed and ended each by itself', () => {
  const ids = ['res_a000001', 'res_b000001', 'res_000001', 'res_AAAAAA', 'res_aaaaaa', '1', '']
  const book = reservationBook()
  const all = ids.map((id) => ({ id, input: { repeatable: false }, expiresAt: instant(1) }) as unknown as Reservation)
  for (const reservation of all) book.add(reservation)
  expect(book.openCount()).toBe(ids.length)
  expect(book.sweep(instant(1)).map(({ id }) => id).sort()).toEqual([...ids].sort())
  for (const [index, id] of ids.entries()) {
    expect(book.get(id)).toBe(all[index])
    book.finish(all[index]!, systemClock)
    expect(ids.filter((other) => book.get(other) !== undefined)).toEqual(ids.slice(index + 1))
  }
})
