// The proof of the rollups bites: a total that was changed, lost or added behind our back is found, named and told to the operator.

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { instant } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../test/api.ts'
import { proveRollups } from './rollup-check.ts'

const NOW = instant(Date.parse('2026-03-29T12:00:00Z'))
let api: TestApi
let count = 0
let id = ''
beforeAll(async () => { api = await testApi({ clock: { now: () => NOW } as never }) })
afterAll(() => api.close())
beforeEach(async () => {
  id = `cus_proof${(count += 1)}`
  await api.call('POST /v1/customers', { body: { id, name: id, plan: 'hybrid' } })
  const event = { specversion: '1.0', source: 'test', id: 'e', type: 'agent.step', subject: id, time: '2026-03-29T11:30:00Z', data: { steps: 2 } }
  await api.call('POST /v1/events', { body: [event] })
})

const differences = async (): Promise<Json[]> => (await api.call(`GET /v1/checks/rollups?customer=${id}&from=2026-03-29T11:00:00Z&to=2026-03-29T12:00:00Z`)).body.differences

test.each<[string, string, readonly [figure: string, rollup: string, events: string][]]>([
  ['a quantity that was changed', 'update rollup_hour set quantity = 3 where customer_id = $1', [['quantity', '3', '2']]],
  ['an amount that was changed', 'update rollup_hour set amount = 0.000000000001 where customer_id = $1', [['amount', '1', '200000000000']]],
  ['a row that is gone', 'delete from rollup_hour where customer_id = $1', [['quantity', '0', '2'], ['amount', '0', '200000000000'], ['events', '0', '1']]],
  ['a row under another feature', `update rollup_hour set feature = 'other' where customer_id = $1`, [['quantity', '2', '0'], ['amount', '200000000000', '0'], ['events', '1', '0'], ['quantity', '0', '2'], ['amount', '0', '200000000000'], ['events', '0', '1']]],
])('%s is found', async (_, damage, found) => {
  expect(await differences()).toEqual([])
  await api.world.plane.sql.unsafe(damage, [id])
  expect((await differences()).map(({ figure, rollup, events }) => [figure, rollup, events])).toEqual(found)
  await proveRollups(api.world.plane)
  const told = await api.world.plane.sql<{ payload: Json }[]>`select payload from outbox where type = 'rollups.differ' order by id desc limit 1`
  expect(told[0]?.payload.count).toBeGreaterThanOrEqual(found.length)
})
