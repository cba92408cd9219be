import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CustomerId, ReservationId } from '@tollgate/core'
import { testPlane, type TestPlane } from '../../../../../test/plane.ts'
import type { Authorization, AuthorizeInput, HotNode, Usage } from '../../hot/contract.ts'
import { SYSTEM } from '../actor.ts'
import { topUp } from '../credits.ts'
import { ingest } from '../ingest.ts'
import { balanceReport, checkSums, invoicePreview } from '../reports.ts'

let world: TestPlane
let node: HotNode
beforeAll(async () => {
  world = await testPlane()
  node = await world.node()
})
afterAll(() => world.close())

function request(customer: CustomerId, tokens: { readonly input: number; readonly output: number }, reservation: string | null = null): AuthorizeInput {
  return {
    reservation: reservation as ReservationId | null, customer, key: null, entity: null, feature: 'chat', model: 'sandbox-small', run: null, type: 'ai.request',
    bound: { quantities: { input_tokens: String(tokens.input), output_tokens: String(tokens.output) }, dimensions: { model: 'sandbox-small' } }, ttlMs: 60_000, repeatable: true,
  }
}

function usage(tokens: { readonly input: number; readonly output: number }): Usage {
  return { quantities: { input_tokens: String(tokens.input), output_tokens: String(tokens.output) }, dimensions: { model: 'sandbox-small' }, cost: null, estimated: false, context: {} }
}

async function authorize(input: AuthorizeInput): Promise<Extract<Authorization, { kind: 'allowed' }>> {
  const answer = await node.authorize(input)
  if (answer.kind !== 'allowed') throw new Error(`not allowed: ${JSON.stringify(answer)}`)
  return answer
}

async function settle(reservation: ReservationId, tokens: { readonly input: number; readonly output: number }) {
  const answer = node.settle(reservation, usage(tokens))
  if (answer.kind !== 'settled') throw new Error(`not settled: ${JSON.stringify(answer)}`)
  await answer.written
  return answer
}

async function settledSums(customer: CustomerId, events: bigint) {
  await expect.poll(async () => (await checkSums(world.plane, customer)).sums.events, { timeout: 5_000 }).toBe(events)
  const check = await checkSums(world.plane, customer)
  expect(check.differences).toEqual([])
  return check.sums
}

test('a request that straddles the allowance is split exactly: the rest is drawn from the wallet', async () => {
  const customer = await world.customer({ plan: 'prepaid', credit: '1.00' })
  const { reservation } = await authorize(request(customer, { input: 3_000, output: 1_000 }))
  const settled = await settle(reservation, { input: 2_500, output: 400 })
  // 2,000 tokens are included; 500 input and 400 output are charged.
  expect(settled.charge).toBe(19_500_000_000n)
  const sums = await settledSums(customer, 1n)
  expect(sums.eventCharges).toBe('0.0195')
  const balance = await balanceReport(world.plane, customer)
  expect([balance.balance, balance.budgets[0]?.used]).toEqual(['0.9805', '2000'])
  const { preview, paid } = await invoicePreview(world.plane, customer)
  expect(preview.lines.map(({ price, quantity, included, exact, amount }) => [price, quantity, included, exact, amount])).toMatchInlineSnapshot(`
    [
      [
        "input_tokens",
        2500n,
        2000n,
        7500000000n,
        10000000000n,
      ],
      [
        "output_tokens",
        400n,
        0n,
        12000000000n,
        10000000000n,
      ],
      [
        "agent_steps",
        0n,
        0n,
        0n,
        0n,
      ],
    ]
  `)
  expect([preview.amountDue, paid[0]?.drawn]).toEqual([0n, 19_500_000_000n])
})

test('the wallet is never overspent by concurrent requests, and after a top-up has answered the next one passes', async () => {
  const customer = await world.customer({ plan: 'prepaid', credit: '0.20' })
  const answers = await Promise.all(Array.from({ length: 200 }, () => node.authorize(request(customer, { input: 1_000, output: 0 }))))
  const allowed = answers.filter((answer) => answer.kind === 'allowed')
  // 2 by the allowance, 13 by the wallet at 0.015 each.
  expect(allowed.length).toBe(15)
  const denied = answers.find((answer) => answer.kind === 'denied')
  expect(denied?.kind === 'denied' ? denied.denial.reason : null).toBe('credit_balance_exhausted')
  for (const answer of allowed) await settle(answer.reservation, { input: 1_000, output: 0 })
  expect((await node.authorize(request(customer, { input: 1_000, output: 0 }))).kind).toBe('denied')
  await topUp(world.plane, SYSTEM, customer, { amount: '0.015', category: 'paid', priority: 100, expiresAt: null, reference: null })
  const next = await authorize(request(customer, { input: 1_000, output: 0 }))
  await settle(next.reservation, { input: 1_000, output: 0 })
  const sums = await settledSums(customer, 16n)
  expect([sums.eventCharges, sums.blocksRemaining, sums.debt]).toEqual(['0.21', '0.005', '0'])
})

test('settled twice with the same usage is charged once; with other usage the first stands and the second is told', async () => {
  const customer = await world.customer({ plan: 'prepaid', credit: '1.00' })
  const { reservation } = await authorize(request(customer, { input: 5_000, output: 0 }, 'res_twice'))
  const first = await settle(reservation, { input: 4_000, output: 0 })
  const again = node.settle(reservation, usage({ input: 4_000, output: 0 }))
  expect(again.kind === 'settled' ? [again.charge, again.replayed] : again).toEqual([first.charge, true])
  expect(node.settle(reservation, usage({ input: 1, output: 0 }))).toMatchObject({ kind: 'problem', code: 'settled_with_other_usage' })
  await settledSums(customer, 1n)
})

test('usage above the hold is booked in full, becomes debt, blocks new requests, and the next top-up repays it first', async () => {
  const customer = await world.customer({ plan: 'prepaid', credit: '0.03' })
  const { reservation } = await authorize(request(customer, { input: 2_000, output: 500 }))
  await settle(reservation, { input: 2_000, output: 3_000 })
  const sums = await settledSums(customer, 1n)
  expect([sums.eventCharges, sums.debt, sums.blocksRemaining]).toEqual(['0.09', '0.06', '0'])
  expect((await node.authorize(request(customer, { input: 1, output: 0 }))).kind).toBe('denied')
  const { repaid } = await topUp(world.plane, SYSTEM, customer, { amount: '0.10', category: 'paid', priority: 100, expiresAt: null, reference: null })
  expect(repaid).toBe(60_000_000_000n)
  await authorize(request(customer, { input: 1, output: 0 }))
  expect((await balanceReport(world.plane, customer)).balance).toBe('0.04')
})

test('ingested events draw the allowance that a node holds idle before anything is charged', async () => {
  const customer = await world.customer({ plan: 'hybrid' })
  const { reservation } = await authorize(request(customer, { input: 100_000, output: 0 }))
  await settle(reservation, { input: 10, output: 0 })
  const event = (id: string, tokens: number) => ({ specversion: '1.0', id, source: 'app', type: 'ai.request', subject: customer, data: { feature: 'chat', input_tokens: tokens } })
  const [accepted] = await ingest(world.plane, [event('big', 499_000)], { customer: null, key: 'key_test' })
  expect(accepted).toEqual({ status: 'accepted', id: 'big', charge: { amount: '0', currency: 'USD' } })
  const again = await ingest(world.plane, [event('big', 499_000), event('big', 1)], { customer: null, key: 'key_test' })
  expect(again.map(({ status }) => status)).toEqual(['duplicate', 'conflict'])
  await settledSums(customer, 2n)
})
