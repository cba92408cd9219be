import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testPlane, type TestPlane } from '../../../../test/plane.ts'
import { openFileJournal } from './file-journal.ts'
import { encodeIntent, encodeLine } from './journal-line.ts'
import { checkSums, balanceReport } from '../app/reports.ts'
import type { AuthorizeInput, HotNode, Usage } from './contract.ts'
import { openSlice, type Authority, type CustomerId, type UsageEvent } from '@tollgate/core'

let world: TestPlane
beforeAll(async () => { world = await testPlane() })
afterAll(() => world.close())

const USAGE: Usage = { quantities: { input_tokens: '4000' }, dimensions: { model: 'sandbox-small' }, cost: null, estimated: false, context: {} }

function request(customer: CustomerId): AuthorizeInput {
  return {
    reservation: null, customer, key: null, entity: null, feature: 'chat', model: 'sandbox-small', run: null, type: 'ai.request',
    bound: { quantities: { input_tokens: '4000' }, dimensions: { model: 'sandbox-small' } }, ttlMs: 60_000, repeatable: true,
  }
}

async function spend(node: HotNode, customer: CustomerId): Promise<string> {
  const answer = await node.authorize(request(customer))
  if (answer.kind !== 'allowed') return answer.kind === 'denied' ? answer.denial.reason : answer.code
  const settled = node.settle(answer.reservation, USAGE)
  if (settled.kind === 'settled') await settled.written
  return settled.kind
}

test('a node that comes back settles what its dead incarnation had journaled, once, and takes back its idle lease', async () => {
  const customer = await world.customer({ plan: 'prepaid', credit: '1.00' })
  const folder = mkdtempSync(join(tmpdir(), 'journal-'))
  const identity = await world.plane.authority.register('phoenix')
  const dead = await openFileJournal(folder, { started: { incarnation: identity.incarnation, boot: 'first' } })
  const event: UsageEvent = {
    id: 'res_before', source: 'tollgate:gateway', type: 'ai.request', customer, time: Date.now() as never, entity: null, feature: 'chat', run: null, key: null, quantities: USAGE.quantities, dimensions: USAGE.dimensions,
    cost: null, estimated: false, catalogVersion: 1, settled: { node: identity.node, incarnation: identity.incarnation, covered: [] }, context: {},
  }
  await world.plane.authority.acquire(identity, { sequence: 1, customer, budgets: [{ budget: (await import('@tollgate/core/resolve')).walletBudget('USD'), min: 900_000_000, need: 900_000_000, want: 900_000_000 }] })
  dead.note(encodeIntent({ reservation: 'res_open', customer, time: Date.now(), endsAt: Date.now() + 60_000, estimate: 1n, holds: [{ slice: openSlice({ budget: 'wallet:USD', periodStart: 0 as never, periodEnd: 1 as never }), budget: null as never, amount: 200_000_000 }] }))
  await dead.append(encodeLine('settled', event))
  await dead.close()

  const node = await world.node({ name: 'phoenix', folder })
  const check = await checkSums(world.plane, customer)
  expect([check.sums.events, check.sums.eventCharges, check.differences]).toEqual([1n, '0.06', []])
  // What was in flight stays held: it may have been used.
  expect((await balanceReport(world.plane, customer)).leased).toBe('0.2')
  expect(await spend(node, customer)).toBe('settled')
})

test('what one node holds idle is recalled before another refuses', async () => {
  const customer = await world.customer({ plan: 'prepaid', credit: '0.10' })
  const [first, second] = [await world.node({ name: 'holder' }), await world.node({ name: 'asker' })]
  expect(await spend(first, customer)).toBe('settled')
  expect(await spend(second, customer)).toBe('settled')
  expect(await spend(first, customer)).toBe('credit_balance_exhausted')
  await expect.poll(async () => (await checkSums(world.plane, customer)).sums.events).toBe(2n)
  expect((await checkSums(world.plane, customer)).differences).toEqual([])
})

test('a node whose idle lease is on its way back is not refused for what it has just let go', async () => {
  const customer = await world.customer({ plan: 'free' })
  const givesBack = Promise.withResolvers<void>()
  const slowly = (authority: Authority): Authority => ({
    ...authority,
    giveBack: async (identity, sequence, returned) => {
      if (returned.some(({ budget }) => budget === 'allowance:tokens')) givesBack.resolve()
      await delay(60)
      await authority.giveBack(identity, sequence, returned)
    },
  })
  const [holder, asker] = [await world.node({ name: 'slow-giver', authority: slowly }), await world.node({ name: 'quick-asker' })]
  // The holder leases all there is, and holds none of it.
  const all = await holder.authorize({ ...request(customer), bound: { quantities: { input_tokens: '10000' }, dimensions: { model: 'sandbox-small' } } })
  if (all.kind !== 'allowed') throw new Error(`refused: ${JSON.stringify(all)}`)
  holder.release(all.reservation)
  // There is enough for one request on each: the holder asks while its answer to the recall is under way.
  const asked = spend(asker, customer)
  await givesBack.promise
  expect(await Promise.all([asked, spend(holder, customer)])).toEqual(['settled', 'settled'])
})

test('while the authority is away a node goes on inside its lease and refuses beyond it as unavailable, not as unpaid', async () => {
  const customer = await world.customer({ plan: 'prepaid', credit: '1.00' })
  let away = false
  const node = await world.node({
    name: 'island',
    authority: (authority) => ({
      ...authority,
      acquire: (...args) => (away ? Promise.reject(new Error('away')) : authority.acquire(...args)),
      ship: (...args) => (away ? Promise.reject(new Error('away')) : authority.ship(...args)),
    }),
  })
  expect(await spend(node, customer)).toBe('settled')
  away = true
  const outcomes: string[] = []
  for (let index = 0; index < 30; index++) outcomes.push(await spend(node, customer))
  expect(outcomes[0]).toBe('settled')
  expect(outcomes.at(-1)).toBe('budget_unavailable')
  expect(new Set(outcomes)).toEqual(new Set(['settled', 'budget_unavailable']))
  away = false
  const settled = outcomes.filter((outcome) => outcome === 'settled').length + 1
  await expect.poll(async () => (await checkSums(world.plane, customer)).sums.events, { timeout: 10_000 }).toBe(BigInt(settled))
  expect((await checkSums(world.plane, customer)).differences).toEqual([])
})

test('a reservation that nobody settles gives its hold back when its time is over', async () => {
  const customer = await world.customer({ plan: 'prepaid', credit: '0.05' })
  const node = await world.node({ name: 'forgetful' })
  const answer = await node.authorize({ ...request(customer), ttlMs: 50 })
  expect(answer.kind).toBe('allowed')
  expect(await spend(node, customer)).toBe('credit_balance_exhausted')
  await expect.poll(() => spend(node, customer), { timeout: 5_000, interval: 200 }).toBe('settled')
})

test('a plan change and a new catalog are in force when the call has answered', async () => {
  const { changeSubscription } = await import('../app/subscription/set-standing.ts')
  const { SYSTEM } = await import('../app/actor.ts')
  const customer = await world.customer({ plan: 'free' })
  const node = await world.node({ name: 'obedient' })
  const ask = async (feature: string) => {
    const answer = await node.check({ ...request(customer), feature })
    return answer.kind === 'allowed' ? 'allowed' : answer.kind === 'denied' ? answer.denial.reason : answer.code
  }
  expect([await ask('chat'), await ask('agents')]).toEqual(['allowed', 'feature_not_entitled'])
  await changeSubscription(world.plane, SYSTEM, customer, { plan: 'hybrid', standing: null })
  expect(await ask('agents')).toBe('allowed')
  await changeSubscription(world.plane, SYSTEM, customer, { plan: null, standing: 'suspended' })
  expect(await ask('agents')).toBe('not_in_good_standing')
})
