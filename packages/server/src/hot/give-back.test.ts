import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Authority, CustomerId } from '@tollgate/core'
import { testPlane, type TestPlane } from '../../../../test/plane.ts'
import { FencedError } from '../app/authority/errors.ts'
import { checkSums } from '../app/reports.ts'
import type { AuthorizeInput, HotNode } from './contract.ts'
import { createGiver } from './give-back.ts'

let world: TestPlane
beforeAll(async () => { world = await testPlane() })
afterAll(() => world.close())

function request(customer: CustomerId, tokens = 4_000): AuthorizeInput {
  return {
    reservation: null, customer, key: null, entity: null, feature: 'chat', model: 'sandbox-small', run: null, type: 'ai.request',
    bound: { quantities: { input_tokens: String(tokens) }, dimensions: { model: 'sandbox-small' } }, ttlMs: 60_000, repeatable: true,
  }
}

async function ask(node: HotNode, customer: CustomerId, tokens?: number): Promise<string> {
  const answer = await node.authorize(request(customer, tokens))
  if (answer.kind === 'allowed') node.release(answer.reservation)
  return answer.kind === 'denied' ? answer.denial.reason : answer.kind
}

test('what a node could not give back because the database was away is given back when it is there again, once', async () => {
  const customer = await world.customer({ plan: 'prepaid', credit: '0.10' })
  let failures = 0
  const failing = (authority: Authority): Authority => ({
    ...authority,
    giveBack: async (...args) => {
      if ((failures += 1) <= 2) {
        // The second failure is an answer that was lost: what it gave back has arrived.
        if (failures === 2) await authority.giveBack(...args)
        throw new Error('the database is away')
      }
      await authority.giveBack(...args)
    },
  })
  const [holder, asker] = [await world.node({ name: 'failing-giver', authority: failing }), await world.node({ name: 'patient-asker' })]
  expect(await ask(holder, customer)).toBe('allowed')
  // All there is, which the holder lends back only after a while.
  await expect.poll(() => ask(asker, customer, 6_500), { timeout: 5_000, interval: 100 }).toBe('allowed')
  expect(failures).toBeGreaterThan(2)
  expect((await checkSums(world.plane, customer)).differences).toEqual([])
})

test('budgets are recalled side by side: one that comes back slowly keeps no other waiting', async () => {
  const [slow, quick] = [await world.customer({ plan: 'prepaid', credit: '0.10' }), await world.customer({ plan: 'prepaid', credit: '0.10' })]
  const slowly = (authority: Authority): Authority => ({
    ...authority,
    giveBack: async (identity, sequence, returned) => {
      if (returned.some((one) => one.customer === slow)) await delay(2_000)
      await authority.giveBack(identity, sequence, returned)
    },
  })
  const [holder, asker] = [await world.node({ name: 'two-speeds', authority: slowly }), await world.node({ name: 'asks-both' })]
  expect([await ask(holder, slow), await ask(holder, quick)]).toEqual(['allowed', 'allowed'])
  expect(await Promise.all([ask(asker, slow, 6_500), ask(asker, quick, 6_500)])).toEqual(['credit_balance_exhausted', 'allowed'])
  // A refusal that rests on a node that did not answer is not believed for long.
  await expect.poll(() => ask(asker, slow, 6_500), { timeout: 5_000, interval: 50 }).toBe('allowed')
})

test('several nodes that ask for the last of a budget, each with a part of it, do not share it out into parts of use to none', async () => {
  const customer = await world.customer({ plan: 'prepaid', credit: '0.12' })
  const nodes = await Promise.all(['part-one', 'part-two', 'part-three'].map((name) => world.node({ name })))
  // 0.03 idle on each, and 0.03 left.
  for (const node of nodes) expect(await ask(node, customer, 2_000)).toBe('allowed')
  const answers = await Promise.all(nodes.map((node) => node.authorize(request(customer, 7_000))))
  expect(answers.map((answer) => answer.kind).sort()).toEqual(['allowed', 'denied', 'denied'])
})

test('a lease that took the last of the headroom is no sign that nothing is left: other nodes hold some', async () => {
  const customer = await world.customer({ plan: 'prepaid', credit: '0.12' })
  const [holder, taker] = [await world.node({ name: 'holds-half' }), await world.node({ name: 'takes-the-rest' })]
  expect(await ask(holder, customer, 4_000)).toBe('allowed')
  const rest = await taker.authorize(request(customer, 4_000))
  expect(rest.kind).toBe('allowed')
  expect((await taker.authorize(request(customer, 4_000))).kind).toBe('allowed')
})

test('a giver stops when it is fenced, and when the authority may have forgotten the first of its calls', async () => {
  const outcome = async (error: Error, latest: number) => {
    let calls = 0
    const problems: unknown[] = []
    const giver = createGiver({
      identity: { node: 'n', incarnation: 1 }, nextSequence: () => 1, latestSequence: () => latest, onProblem: (problem) => void problems.push(problem),
      authority: { giveBack: () => { calls += 1; return Promise.reject(error) } },
    })
    await expect(giver.giveBack([]).arrived).rejects.toBe(error)
    return [calls, problems]
  }
  const [fenced, away] = [new FencedError('replaced'), new Error('away')]
  expect(await outcome(fenced, 1)).toEqual([1, [fenced]])
  expect(await outcome(away, 900)).toEqual([1, [away]])
})
