import { afterAll, beforeAll, expect, test } from 'vitest'
import { testApi, type TestApi } from '../../../../../test/api.ts'
import { checkBooks, createBooksChecker } from './check.ts'
import { checkpointDaily, checkpointLedgers } from './checkpoints.ts'

let api: TestApi
beforeAll(async () => {
  api = await testApi()
})
afterAll(() => api.close())

let count = 0
async function living(): Promise<string> {
  const id = `cus_b${(count += 1)}`
  await api.call('POST /v1/customers', { body: { id, name: 'B', plan: 'prepaid' } })
  await api.call(`POST /v1/customers/${id}/credits`, { body: { amount: '5' } })
  await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'b', id, subject: id, type: 'ai.request', data: { feature: 'chat', model: 'm', input_tokens: 9_000 } }] })
  return id
}
const messages = () => api.world.plane.sql<{ customer: string }[]>`select customer_id as customer from outbox where type = 'books.disagree'`

test('books that nobody touched agree, before and after a checkpoint', async () => {
  const id = await living()
  expect(await checkBooks(api.world.plane, id)).toMatchObject({ transfers: 2, problems: [] })
  await checkpointLedgers(api.world.plane)
  expect(await checkBooks(api.world.plane, id)).toMatchObject({ transfers: 0, problems: [] })
})

test('a transfer that was changed in the database, and a balance that was, are found by the job and told once', async () => {
  const { sql } = api.world.plane
  const [forged, robbed] = [await living(), await living()]
  const check = createBooksChecker()
  await check(api.world.plane)
  expect(await messages()).toEqual([])
  await sql`alter table ledger_transfer disable trigger ledger_transfer_append_only`
  await sql`update ledger_transfer set amount = amount + 1 where customer_id = ${forged} and cause = 'usage'`
  await sql`alter table ledger_transfer enable trigger ledger_transfer_append_only`
  await sql`update credit_block set remaining = remaining - 1 where customer_id = ${robbed}`
  expect((await checkBooks(api.world.plane, forged)).problems.join()).toContain('the chain of transfers breaks at number 2')
  expect((await checkBooks(api.world.plane, robbed)).problems.join()).toContain('open blocks')
  await sql`update ledger_head set changed_at = now() + interval '1 second' where customer_id in (${forged}, ${robbed})`
  await check(api.world.plane)
  await check(api.world.plane)
  await expect.poll(async () => (await messages()).map(({ customer }) => customer).sort()).toEqual([forged, robbed].sort())
})

test('checkpoints are signed once a day, however often the job looks', async () => {
  await living()
  await checkpointLedgers(api.world.plane)
  await living()
  expect(await checkpointDaily(api.world.plane)).toBe(0)
})
