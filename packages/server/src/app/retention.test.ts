import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant } from '@tollgate/core'
import { testPlane, type TestPlane } from '../../../../test/plane.ts'
import { virtualClock } from '../platform/clock.ts'
import { forgetOutbox, OUTBOX_KEPT_MS } from './retention.ts'

const clock = virtualClock(instant(Date.now()))
let world: TestPlane
beforeAll(async () => { world = await testPlane({ clock }) })
afterAll(() => world.close())

test('messages of the outbox are kept for a month and forgotten after it; events and transfers stay', async () => {
  await world.customer({ plan: 'prepaid', credit: '1.00' })
  const count = async () => (await world.plane.sql<{ messages: bigint; transfers: bigint }[]>`select (select count(*) from outbox) as messages, (select count(*) from ledger_transfer) as transfers`)[0]!
  const before = await count()
  expect(before.messages > 0n).toBe(true)
  clock.advance(OUTBOX_KEPT_MS - 60_000)
  await forgetOutbox(world.plane)
  expect(await count()).toEqual(before)
  clock.advance(120_000)
  await forgetOutbox(world.plane)
  expect(await count()).toEqual({ messages: 0n, transfers: before.transfers })
})
