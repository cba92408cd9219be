// `rate`: charges per second by each price model, against the same arithmetic on bare bigints in the same run: the differences of two
// totals, tier by tier, and the choice of an entry by comparing texts. Ours goes the way of a settlement: the price of a compiled
// catalog, the usage as an event tells it, the aggregate that it met. Nothing is explained.

import { chargeUsage, compileUsagePrice, pricedUsage, quantity, START, type Position, type RatedUsage, type UsagePrice, type UsagePriceDocument } from '@tollgate/core'
import { median, result, type BenchResult } from './result.ts'

const CHARGES = 200_000
const MODELS = ['small', 'large', 'huge', 'tiny']
const TIERS = [{ up_to: '1000000', amount: '4', flat: '0' }, { up_to: '10000000', amount: '3', flat: '1' }, { up_to: null, amount: '2', flat: '0' }]

type Subject = { readonly document: UsagePriceDocument; readonly bare: (count: bigint, before: bigint, index: number) => bigint }

export function run(options: { readonly rounds: number; readonly log: (line: string) => void }): Promise<readonly BenchResult[]> {
  const rows = Object.entries(SUBJECTS).map(([name, subject]) => {
    const price = compileUsagePrice(subject.document, { scale: 0, asset: 'USD', path: name })
    const rates: { ours: number[]; bare: number[] } = { ours: [], bare: [] }
    for (let round = 0; round <= options.rounds; round++) {
      const bare = perSecond(() => rateBare(subject))
      const ours = perSecond(() => rateOurs(price))
      if (bare.total !== ours.total) throw new Error(`${name}: the two sides do not agree: ${ours.total} and ${bare.total}`)
      if (round === 0) continue
      rates.ours.push(ours.rate)
      rates.bare.push(bare.rate)
    }
    options.log(`${name}: ${Math.round(median(rates.ours))} charges/s, bare ${Math.round(median(rates.bare))}`)
    return result({ bench: 'rate', metric: name, value: median(rates.ours), unit: 'charges/s', baseline: median(rates.bare), target: { of: 'ratio', at: 'least', limit: 0.3 } })
  })
  return Promise.resolve(rows)
}

/** Tokens of the n-th event. */
function countAt(index: number): bigint {
  return BigInt(100 + ((index * 7919) % 900))
}

const USAGES: readonly RatedUsage[] = MODELS.map((model) => ({
  feature: 'chat', run: null, dimensions: { model, region: 'eu', result: 'succeeded' }, quantities: {}, cost: { amount: '0.0123', currency: 'USD' },
}))

function rateOurs(price: UsagePrice): bigint {
  const positions = new Map<string, Position>()
  let total = 0n
  for (let index = 0; index < CHARGES; index++) {
    const count = quantity(countAt(index))
    const usage = pricedUsage(USAGES[index % MODELS.length]!, {})
    const charge = chargeUsage(price, count, usage, (entry) => positions.get(entry) ?? START)
    positions.set(charge.entry, { billable: quantity(charge.before.billable + count), included: charge.before.included, events: charge.before.events + 1 })
    total += charge.amount!
  }
  return total
}

function rateBare({ bare, document }: Subject): bigint {
  const hasEntries = 'entries' in document
  const positions = [0n, 0n, 0n, 0n]
  let total = 0n
  for (let index = 0; index < CHARGES; index++) {
    const count = countAt(index)
    const slot = hasEntries ? index % MODELS.length : 0
    total += bare(count, positions[slot]!, index)
    positions[slot] = positions[slot]! + count
  }
  return total
}

function perSecond(work: () => bigint): { readonly rate: number; readonly total: bigint } {
  const start = performance.now()
  const total = work()
  return { rate: CHARGES / ((performance.now() - start) / 1_000), total }
}

/** Half away from zero, of what is not negative. */
function divided(value: bigint, by: bigint): bigint {
  return (value * 2n + by) / (by * 2n)
}

const DOLLAR = 10n ** 12n
const MILLION = 1_000_000n

function graduatedTotal(total: bigint): bigint {
  let product = 0n
  let flat = 0n
  let previous = 0n
  for (const [upTo, amount, fee] of [[MILLION, 4n, 0n], [10n * MILLION, 3n, 1n], [null, 2n, 0n]] as const) {
    if (total <= previous && previous > 0n) break
    const end = upTo === null || total < upTo ? total : upTo
    product += (end - previous) * amount * DOLLAR
    flat += fee * DOLLAR
    if (upTo === null || total <= upTo) break
    previous = upTo
  }
  return divided(product, MILLION) + flat
}

function volumeTotal(total: bigint): bigint {
  const [amount, flat] = total <= MILLION ? [4n, 0n] : total <= 10n * MILLION ? [3n, 1n] : [2n, 0n]
  return divided(total * amount * DOLLAR, MILLION) + flat * DOLLAR
}

const unitTotal = (amount: bigint) => (total: bigint): bigint => divided(total * amount * DOLLAR, MILLION)
const packages = (total: bigint): bigint => ((total + 9_999n) / 10_000n) * 2n * DOLLAR
const difference = (total: (aggregate: bigint) => bigint) => (count: bigint, before: bigint): bigint => total(before + count) - total(before)
const AMOUNTS = [1n, 5n, 9n, 2n]

/** The entry that a model has, as a hand-written matrix looks it up. */
function amountFor(index: number): bigint {
  const model = MODELS[index % MODELS.length]
  return model === 'small' ? AMOUNTS[0]! : model === 'large' ? AMOUNTS[1]! : model === 'huge' ? AMOUNTS[2]! : AMOUNTS[3]!
}

const entries = MODELS.map((model, index) => ({ id: model, when: { model: [model] }, amount: String(AMOUNTS[index]) }))
const identity = { id: 'price', name: 'Price', meter: 'tokens' } as const

const SUBJECTS: Readonly<Record<string, Subject>> = {
  per_unit: { document: { ...identity, model: 'per_unit', amount: '3', per: '1000000' }, bare: difference(unitTotal(3n)) },
  graduated: { document: { ...identity, model: 'graduated', per: '1000000', tiers: TIERS }, bare: difference(graduatedTotal) },
  volume: { document: { ...identity, model: 'volume', per: '1000000', tiers: TIERS }, bare: difference(volumeTotal) },
  package: { document: { ...identity, model: 'package', amount: '2', size: '10000' }, bare: difference(packages) },
  matrix: {
    document: { ...identity, model: 'matrix', otherwise: null, entries: entries.map(({ id, when, amount }) => ({ id, when, price: { model: 'per_unit', amount, per: '1000000' } })) },
    bare: (count, before, index) => difference(unitTotal(amountFor(index)))(count, before),
  },
  credits: {
    document: { ...identity, model: 'credits', per: '1000000', otherwise: null, entries: entries.map(({ id, when, amount }) => ({ id, when, credits: amount })) },
    bare: (count, before, index) => difference(unitTotal(amountFor(index)))(count, before),
  },
  percentage: {
    document: { ...identity, model: 'percentage', percent: '2.9', fixed: '0.3', free_events: null, free_amount: null, minimum: null, maximum: null },
    bare: (count) => divided(count * DOLLAR * 29_000_000n, 1_000_000_000n) + (3n * DOLLAR) / 10n,
  },
  // The cost is text in the event: reading it is part of either side.
  cost_plus: {
    document: { ...identity, model: 'cost_plus', margin_percent: '45', cache_savings: 'passed_on', minimum: null },
    bare: (_, __, index) => divided(costOf(USAGES[index % MODELS.length]!.cost!.amount) * 1_450_000_000n, 1_000_000_000n),
  },
  dynamic: { document: { ...identity, model: 'dynamic', minimum: null, maximum: '500' }, bare: (count) => (count > 500n ? 500n : count) * DOLLAR },
  outcome: { document: { ...identity, model: 'outcome', amount: '2.5', charged_on: ['succeeded'], features: [] }, bare: (_, __, index) => (USAGES[index % MODELS.length]!.dimensions['result'] === 'succeeded' ? 2_500_000_000_000n : 0n) },
}

function costOf(text: string): bigint {
  const dot = text.indexOf('.')
  return BigInt(text.slice(0, dot) + text.slice(dot + 1).padEnd(12, '0'))
}
