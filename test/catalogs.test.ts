// The six example catalogs, each through a month of real requests: authorized and settled on a node or ingested, charged by the real
// settlement in PostgreSQL. The figures are computed by hand from the pricing page at the top of each file.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { costOf, formatUnits, instant, rateInForce, type CustomerId, type EventCost, type InvoiceLine } from '@tollgate/core'
import { SYSTEM } from '../packages/server/src/app/actor.ts'
import { readContract } from '../packages/server/src/app/contracts/contract-file.ts'
import { applyContract } from '../packages/server/src/app/contracts/contracts.ts'
import { ingest } from '../packages/server/src/app/ingest.ts'
import { balanceReport, checkSums, invoicePreview } from '../packages/server/src/app/reports.ts'
import type { HotNode } from '../packages/server/src/hot/contract.ts'
import { virtualClock } from '../packages/server/src/platform/clock.ts'
import { testPlane, type TestPlane } from './plane.ts'

const START = instant(Date.parse('2026-03-01T00:00:00Z'))
const DAY = 86_400_000

let world: TestPlane
let node: HotNode
let clock: ReturnType<typeof virtualClock>
let events = 0n
afterEach(() => world.close())

async function open(file: string): Promise<void> {
  events = 0n
  clock = virtualClock(START)
  world = await testPlane({ clock, catalog: readFileSync(join(import.meta.dirname, '..', 'examples', 'catalogs', `${file}.yaml`), 'utf8') })
  node = await world.node()
}

type Use = { readonly model?: string; readonly input?: number; readonly cached?: number; readonly output?: number }

/** One request with its real usage: `charge asset`, or why it was refused. */
async function use(customer: CustomerId, { model = 'gpt-5-mini', input = 0, cached = 0, output = 0 }: Use): Promise<string> {
  const quantities = { requests: '1', input_tokens: String(input), cached_input_tokens: String(cached), output_tokens: String(output) }
  const answer = await node.authorize({
    reservation: null, customer, key: null, entity: null, feature: 'chat', model, run: null, type: 'ai.request', bound: { quantities, dimensions: { model } }, ttlMs: 60_000, repeatable: false,
  })
  if (answer.kind !== 'allowed') return answer.kind === 'denied' ? answer.denial.reason : answer.code
  const settled = node.settle(answer.reservation, { quantities, dimensions: { model }, cost: await costTold(customer, model, { input, cached_input: cached, output }), estimated: false, context: {} })
  if (settled.kind !== 'settled') throw new Error(settled.message)
  expect(settled.charge <= answer.estimate).toBe(true)
  await settled.written
  events += 1n
  return `${formatUnits(settled.charge, settled.currency)} ${settled.currency}`
}

async function costTold(customer: CustomerId, model: string, buckets: Readonly<Record<string, number>>): Promise<EventCost | null> {
  const known = await node.snapshot(customer)
  const rate = known === null ? null : rateInForce(known.catalog.rateCard, model, clock.now())
  const cost = rate === null ? null : costOf(rate, buckets)
  return cost === null ? null : { amount: formatUnits(cost.units, cost.asset), currency: cost.asset }
}

async function images(customer: CustomerId, count: number, size: string): Promise<string | undefined> {
  const [result] = await ingest(world.plane, [{ specversion: '1.0', id: `image-${events}`, source: 'studio', type: 'image.created', subject: customer, data: { feature: 'images', images: count, size } }], { customer: null, key: 'key_test' })
  events += 1n
  return result?.status === 'accepted' ? `${result.charge?.amount} ${result.charge?.currency}` : result?.status
}

/** Waits until all is settled, and that every table that knows a figure agrees. */
async function settled(customer: CustomerId): Promise<void> {
  await expect.poll(async () => (await checkSums(world.plane, customer)).sums.events, { timeout: 15_000 }).toBe(events)
  expect((await checkSums(world.plane, customer)).differences).toEqual([])
}

/** The invoice as it would be now: lines, credits applied, due. */
async function invoice(customer: CustomerId): Promise<{ readonly lines: string[]; readonly applied: string; readonly due: string }> {
  await settled(customer)
  const { preview } = await invoicePreview(world.plane, customer)
  const line = ({ price, entry, billable, amount }: InvoiceLine) => `${price}${entry === '' ? '' : `/${entry}`} ${billable}: ${formatUnits(amount, preview.currency)}`
  return { lines: preview.lines.map(line), applied: formatUnits(preview.creditsApplied, preview.currency), due: formatUnits(preview.amountDue, preview.currency) }
}

test('a flat fee with included tokens and two overage prices', async () => {
  await open('included-tokens')
  const customer = await world.customer({ plan: 'team' })
  expect(await use(customer, { input: 1_500_000, output: 100_000 })).toBe('0 USD')
  clock.advance(10 * DAY)
  // 400,000 tokens are left: 400,000 of 1,000,000 input are covered, 600,000 cost 1.80; 250,000 output cost 3.
  expect(await use(customer, { input: 1_000_000, output: 250_000 })).toBe('4.8 USD')
  clock.advance(10 * DAY)
  expect(await use(customer, { input: 123, output: 45 })).toBe('0.000909 USD')
  expect(await invoice(customer)).toEqual({ lines: ['fee 1: 99', 'input_tokens 600123: 1.8', 'output_tokens 250045: 3'], applied: '0', due: '103.8' })
})

test('seats with pooled credits', async () => {
  await open('seats-pooled-credits')
  const customer = await world.customer({ plan: 'studio' })
  // One seat brings 1,000 credits: 300 + 4 × 100.
  expect([await use(customer, { input: 300_000, output: 100_000 }), await images(customer, 5, 'small')]).toEqual(['700 credits', '100 credits'])
  // 200 of 300 are left in the pool; a hundred stand on the invoice, at a cent each.
  expect(await use(customer, { input: 300_000 })).toBe('300 credits')
  await settled(customer)
  const { preview } = await invoicePreview(world.plane, customer)
  expect(preview.credits.map(({ used, paid }) => [used, paid.included, paid.accrued])).toEqual([[1_100_000_000n, 1_000_000_000n, 100_000_000n]])
  expect(await invoice(customer)).toEqual({ lines: ['seat 1: 30', 'credits 100000000: 1'], applied: '0', due: '31' })
})

test('three graduated tiers', async () => {
  await open('graduated-tiers')
  const customer = await world.customer({ plan: 'payg' })
  expect(await use(customer, { input: 600_000, output: 200_000 })).toBe('3.2 USD')
  clock.advance(10 * DAY)
  // 200,000 to the end of the first tier at 4, 800,000 at 3.
  expect(await use(customer, { input: 1_000_000 })).toBe('3.2 USD')
  clock.advance(10 * DAY)
  // 8,200,000 at 3, 1,800,000 at 2.
  expect(await use(customer, { input: 9_000_000, output: 1_000_000 })).toBe('28.2 USD')
  expect(await invoice(customer)).toEqual({ lines: ['tokens 11800000: 34.6'], applied: '0', due: '34.6' })
})

test('credits over four models and images with a multiplier matrix', async () => {
  await open('credits-multipliers')
  const customer = await world.customer({ plan: 'prepaid', credit: '500' })
  expect([
    await use(customer, { model: 'gpt-5-nano', input: 10_000, output: 1_000 }), await use(customer, { model: 'gpt-5-mini', input: 10_000, output: 1_000 }),
    await use(customer, { model: 'gpt-5', input: 10_000, output: 1_000 }), await use(customer, { model: 'o3', input: 10_500, output: 1_001 }),
    await images(customer, 2, 'large'), await images(customer, 1, 'small'),
    await use(customer, { model: 'gpt-4o', input: 1 }),
  ]).toEqual(['3 credits', '15 credits', '60 credits', '114.03 credits', '120 credits', '25 credits', 'model_not_allowed'])
  await settled(customer)
  expect((await balanceReport(world.plane, customer)).balance).toBe('162.97')
  // 8 × 21 = 168 credits are more than are left, whatever comes of them.
  expect([await use(customer, { model: 'o3', input: 21_000 }), await use(customer, { model: 'o3', input: 20_000 })]).toEqual(['credit_balance_exhausted', '160 credits'])
  await settled(customer)
  const { preview } = await invoicePreview(world.plane, customer)
  expect(preview.credits[0]?.lines.map(({ price, entry, exact }) => `${price} ${entry} ${formatUnits(exact, 'credits')}`)).toEqual([
    'input_tokens gpt-5 40', 'input_tokens gpt-5-mini 10', 'input_tokens gpt-5-nano 2', 'input_tokens o3 244',
    'output_tokens gpt-5 20', 'output_tokens gpt-5-mini 5', 'output_tokens gpt-5-nano 1', 'output_tokens o3 30.03', 'images large 120', 'images otherwise 25',
  ])
  expect(preview.amountDue).toBe(0n)
})

test('cost plus 45 % with the cache discount passed on', async () => {
  await open('cost-plus')
  const customer = await world.customer({ plan: 'resale', credit: '2.50' })
  // 0.25 + 2 × 0.1 = 0.45 a request; times 1.45.
  expect(await use(customer, { input: 1_000_000, output: 100_000 })).toBe('0.6525 USD')
  // The same, 800,000 of it from the cache: 0.05 + 0.02 + 0.2 = 0.27.
  expect(await use(customer, { input: 200_000, cached: 800_000, output: 100_000 })).toBe('0.3915 USD')
  // It may cost (1.25 + 1) × 1.45 = 3.2625, more than the 1.456 that are left; without a rate nobody knows what it may cost.
  expect([await use(customer, { model: 'gpt-5', input: 1_000_000, output: 100_000 }), await use(customer, { model: 'gpt-x', input: 1 })]).toEqual(['credit_balance_exhausted', 'model_unpriced'])
  expect(await invoice(customer)).toEqual({ lines: ['usage 2: 1.04'], applied: '1.04', due: '0' })
  expect((await balanceReport(world.plane, customer)).balance).toBe('1.456')
})

test('an enterprise contract: 500,000 tokens a month of one model, a hard cap, no overage, 15 % off and a yearly minimum', async () => {
  await open('enterprise')
  const customer = await world.customer({ plan: 'enterprise' })
  const contract = readContract(readFileSync(join(import.meta.dirname, '..', 'examples', 'contracts', 'enterprise.yaml'), 'utf8'))
  await applyContract(world.plane, SYSTEM, customer, { document: contract, baseVersion: null })
  expect([await use(customer, { model: 'gpt-5', input: 300_000, output: 100_000 }), await use(customer, { model: 'gpt-5-mini', input: 1 })]).toEqual(['0 USD', 'model_not_allowed'])
  expect([await use(customer, { model: 'gpt-5', input: 100_001 }), await use(customer, { model: 'gpt-5', input: 100_000 }), await use(customer, { model: 'gpt-5', input: 1 })]).toEqual(['allowance_exhausted', '0 USD', 'allowance_exhausted'])
  expect(await invoice(customer)).toEqual({ lines: ['fee 1: 1700'], applied: '0', due: '1700' })
  clock.advance(31 * DAY)
  expect(await use(customer, { model: 'gpt-5', input: 500_000 })).toBe('0 USD')
  clock.advance(320 * DAY)
  // The last month of the year: twelve times 1,700 are 20,400, and 24,000 are due at least.
  expect(await invoice(customer)).toEqual({ lines: ['fee 1: 1700', 'minimum 1: 3600'], applied: '0', due: '5300' })
})
