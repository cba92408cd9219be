// Until when the hold of an admitted request stands in doubt after its process died.

import { BACKGROUND_TTL_MS, DOUBT_REQUEST_MS, instant, ZERO } from '@tollgate/core'
import { expect, test } from 'vitest'
import { decodeGroups, encodeGroup } from './journal-line.ts'
import { intentOf, type Reservation } from './reservation.ts'

test('the hold of what a provider goes on with outlives its process; that of a plain request does not', () => {
  const endOf = (input: { readonly repeatable: boolean; readonly outlives?: boolean }) => {
    const reservation = { id: 'res_a', input: { customer: 'cus_a', ...input }, createdAt: instant(0), expiresAt: instant(BACKGROUND_TTL_MS), estimate: ZERO, holds: [] } as unknown as Reservation
    const [record] = decodeGroups(encodeGroup([intentOf(reservation)]), new Set(['intent'] as const)).records
    return record?.kind === 'intent' ? record.body[3] : null
  }
  expect([endOf({ repeatable: false }), endOf({ repeatable: true }), endOf({ repeatable: false, outlives: true })]).toEqual([DOUBT_REQUEST_MS, BACKGROUND_TTL_MS, BACKGROUND_TTL_MS])
})
