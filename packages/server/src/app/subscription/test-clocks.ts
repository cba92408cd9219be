// Test clocks: customers that live on one see its time in everything that is about them, so that a year passes in a second. A clock runs on
// from where it was put, and goes forward only. Advancing stops at each instant at which something happens by itself, so
// that what follows from it (a limit, a plan, an invoice) is written as it would have been.

import { InputError, instant, makeId, TEST_CLOCK_CUSTOMERS_MAX, type Instant } from '@tollgate/core'
import { withRetry } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { customersOnClock, findTestClock, insertTestClock, listTestClocks, lockTestClock, turnTestClock, type TestClockRow } from '../../store/test-clocks.ts'
import { bumpVersion } from '../../store/customers.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { tellNodes } from '../change-customer.ts'
import { billOnClock } from '../invoices/run.ts'
import { Problem } from '../problems.ts'
import { bringForward } from './due.ts'

export type TestClock = TestClockRow & { readonly now: Instant }

/** Furthest that one call turns a clock: each step is work. */
const ADVANCE_MS_MAX = 5 * 366 * 86_400_000

export async function createTestClock(plane: ControlPlane, actor: Actor, input: { readonly name: string; readonly now: Instant | null }): Promise<TestClock> {
  const id = makeId('clock', plane.randomText())
  const offsetMs = input.now === null ? 0 : input.now - plane.clock.now()
  await withRetry(plane.sql, async (tx) => {
    await insertTestClock(tx, { id, name: input.name, offsetMs })
    await insertAudit(tx, { actor: actor.id, action: 'test_clock.created', customer: null, target: id, before: null, after: { name: input.name, offset_ms: offsetMs } })
  })
  return getTestClock(plane, id)
}

export async function getTestClock(plane: ControlPlane, id: string): Promise<TestClock> {
  const row = await findTestClock(plane.sql, id)
  if (row === null) throw new Problem('not_found', `there is no test clock ${id}`, 'clock')
  return withNow(plane, row)
}

export async function testClocks(plane: ControlPlane): Promise<TestClock[]> {
  return (await listTestClocks(plane.sql)).map((row) => withNow(plane, row))
}

/** Turns the clock to `to`; answers when all that became due on the way is told and in force. */
export async function advanceTestClock(plane: ControlPlane, actor: Actor, id: string, to: Instant): Promise<TestClock> {
  const before = await getTestClock(plane, id)
  if (to < before.now) throw new InputError({ code: 'out_of_range', field: 'to', message: `a clock goes forward only; it shows ${new Date(before.now).toISOString()}` })
  if (to - before.now > ADVANCE_MS_MAX) throw new InputError({ code: 'out_of_range', field: 'to', message: 'a clock is turned by at most five years at once' })
  const offsetMs = to - plane.clock.now()
  const customers = await withRetry(plane.sql, async (tx) => {
    const known = await lockTestClock(tx, id)
    if (known === null || known > offsetMs) throw new Problem('already_exists', 'the clock was turned further meanwhile', 'to')
    await turnTestClock(tx, id, offsetMs)
    const found = await customersOnClock(tx, id)
    if (found.length > TEST_CLOCK_CUSTOMERS_MAX) throw new InputError({ code: 'out_of_range', field: 'clock', message: `at most ${TEST_CLOCK_CUSTOMERS_MAX} customers live on one clock` })
    for (const customer of found) await bumpVersion(tx, customer)
    await insertAudit(tx, { actor: actor.id, action: 'test_clock.advanced', customer: null, target: id, before: { offset_ms: known }, after: { offset_ms: offsetMs } })
    return found
  })
  for (const customer of customers) {
    await bringForward(plane, customer)
    await tellNodes(plane, customer)
  }
  await billOnClock(plane, customers, to)
  return getTestClock(plane, id)
}

function withNow(plane: ControlPlane, row: TestClockRow): TestClock {
  return { ...row, now: instant(plane.clock.now() + row.offsetMs) }
}
