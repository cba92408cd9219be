import { afterAll, beforeAll, expect, test } from 'vitest'
import { EVENT_BYTES_MAX } from '@tollgate/core'
import { testPlane, type TestPlane } from '../../../../test/plane.ts'
import { ingest } from './ingest.ts'
import { checkSums } from './reports.ts'

let world: TestPlane
beforeAll(async () => { world = await testPlane() })
afterAll(() => world.close())

test('an event larger than the bound is refused by itself, and those beside it are charged', async () => {
  const customer = await world.customer({ plan: 'hybrid' })
  const event = (id: string, note: string) => ({ specversion: '1.0', id, source: 'app', type: 'agent.step', subject: customer, data: { feature: 'agents', steps: 1, note } })
  const results = await ingest(world.plane, [event('small', 'x'), event('large', 'x'.repeat(EVENT_BYTES_MAX)), event('after', 'x')], { customer: null, key: 'key_test' })
  expect(results.map(({ status, id }) => [status, id])).toEqual([['accepted', 'small'], ['rejected', 'large'], ['accepted', 'after']])
  expect(results[1]).toMatchObject({ reason: expect.stringContaining(`${EVENT_BYTES_MAX} characters`) })
  const { sums, differences } = await checkSums(world.plane, customer)
  expect([sums.eventCharges, differences]).toEqual(['0.2', []])
})
