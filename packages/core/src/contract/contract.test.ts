// Contracts: what they change before usage is priced and when a period closes, and the laws that a discount must not break.

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CatalogDocument, PlanDocument } from '../catalog/document.ts'
import { compileCatalog } from '../catalog/compile.ts'
import type { InvoiceLine } from '../invoice/preview.ts'
import { parseUnits, units, type Units } from '../money.ts'
import { NONE, quantity } from '../quantity.ts'
import { START } from '../rating/position.ts'
import { addDiscount, discountTotal } from '../rating/discount.ts'
import { rateTotal } from '../rating/rate.ts'
import { ONE, type Ratio } from '../rating/ratio.ts'
import { boundUsage, chargeUsage, explainUsage, openingOf, pricedUsage } from '../rating/rate-usage.ts'
import { sumOfLines } from '../rating/line.ts'
import type { CumulativePrice } from '../rating/price.ts'
import type { Instant } from '../time.ts'
import { closeLinesOf, type CloseContext } from './at-close.ts'
import { refuseCoupon, type Coupon } from './coupon.ts'
import { NO_TERMS, type ContractDocument, type TermsDocument } from './document.ts'
import { commitmentWindow, phaseAt } from './phases.ts'
import { planOf } from './plan-of.ts'
import { validateContract } from './validate-contract.ts'

const PLAN: PlanDocument = {
  id: 'pro', name: 'Pro', public: true, period: 'month', fee: { id: 'fee', name: 'Plan fee', amount: '50' }, entitlements: [],
  prices: [
    { id: 'input', name: 'Input', meter: 'input', model: 'per_unit', amount: '2', per: '1000' },
    { id: 'output', name: 'Output', meter: 'output', model: 'graduated', per: '1', tiers: [{ up_to: '100', amount: '1', flat: '3' }, { up_to: null, amount: '0.5', flat: '0' }] },
    { id: 'share', name: 'Share', meter: 'volume', model: 'dynamic', minimum: null, maximum: null },
  ],
  allowances: [{ id: 'tokens', name: 'Tokens', meters: ['input'], quantity: '1000' }],
  limits: [{ id: 'month', name: 'Month', meters: ['input'], quantity: '5000', window: 'month', enforcement: 'hard' }],
  funding: ['allowance', 'overage'],
  currencies: { EUR: { fee: { id: 'fee', name: 'Plan fee', amount: '45' }, prices: [
    { id: 'input', name: 'Input', meter: 'input', model: 'per_unit', amount: '1.8', per: '1000' },
    { id: 'output', name: 'Output', meter: 'output', model: 'graduated', per: '1', tiers: [{ up_to: null, amount: '0.9', flat: '0' }] },
    { id: 'share', name: 'Share', meter: 'volume', model: 'dynamic', minimum: null, maximum: null },
  ] } },
}
const meter = (id: string) => ({ id, name: id, unit: 'token', event_type: 'ai.request', aggregation: 'sum' as const, properties: [id], filter: {}, scale: 0 })
const DOCUMENT: CatalogDocument = { currency: 'USD', features: [], meters: ['input', 'output', 'volume'].map(meter), plans: [PLAN], credit_assets: [], rate_card: [], gateway: { feature: 'chat', models: [] } }
const CATALOG = compileCatalog(DOCUMENT, 1)
const usd = (text: string): Units => parseUnits(text, 'USD')
const withTerms = (terms: Partial<TermsDocument>, money?: string) => planOf(CATALOG, { plan: 'pro', terms: { ...NO_TERMS, ...terms }, ...(money === undefined ? {} : { money }) })!
const priceOf = (terms: Partial<TermsDocument>, id: string, money?: string) => withTerms(terms, money).prices.find((price) => price.id === id)!
const charge = (terms: Partial<TermsDocument>, id: string, count: number, before = 0) =>
  chargeUsage(priceOf(terms, id), quantity(BigInt(count)), pricedUsage({ feature: null, dimensions: {}, run: null, cost: null }, {}), () => ({ ...START, billable: quantity(BigInt(before)) })).amount
const percent = (value: string, on: 'price' | 'plan' | 'all' = 'all', of: string | null = null) => ({ id: 'd', name: 'Discount', on, of, percent: value, amount: null })
const off = (value: string, on: 'price' | 'plan' | 'all' = 'all', of: string | null = null) => ({ id: 'd', name: 'Discount', on, of, percent: null, amount: value })

test('a percent is taken off one price, off all of a plan, or off everything, fees too', () => {
  expect(charge({}, 'input', 1000)).toBe(usd('2'))
  expect(charge({ discounts: [percent('15')] }, 'input', 1000)).toBe(usd('1.7'))
  expect(charge({ discounts: [percent('15', 'price', 'input')] }, 'input', 1000)).toBe(usd('1.7'))
  expect(charge({ discounts: [percent('15', 'price', 'output')] }, 'input', 1000)).toBe(usd('2'))
  expect(charge({ discounts: [percent('15', 'plan', 'other')] }, 'input', 1000)).toBe(usd('2'))
  expect(withTerms({ discounts: [percent('15', 'plan', 'pro')] }).recurring[0]).toMatchObject({ amount: usd('42.5') })
  expect(charge({ discounts: [percent('50'), percent('50')] }, 'input', 1000)).toBe(usd('0.5'))
})

test('an amount is taken off a price once a period: the first usage is free until it is used up', () => {
  const terms = { discounts: [off('3', 'price', 'input')] }
  expect([charge(terms, 'input', 1000), charge(terms, 'input', 1000, 1000), charge(terms, 'input', 1000, 2000)]).toEqual([usd('0'), usd('1'), usd('2')])
})

test('a price by event is discounted event by event, and an opening fee with its price', () => {
  expect(charge({ discounts: [percent('10')] }, 'share', 20)).toBe(usd('18'))
  expect([openingOf(priceOf({}, 'output')), openingOf(priceOf({ discounts: [percent('10')] }, 'output'))]).toEqual([usd('3'), usd('2.7')])
})

test('a negotiated price replaces the one of its id or usage; a grant only where it is cheaper', () => {
  const price = (amount: string, override: 'replace' | 'grant', id = 'input') => ({ override, id, name: 'Own', meter: 'input', model: 'per_unit' as const, amount, per: '1000' })
  expect(charge({ prices: [price('5', 'replace')] }, 'input', 1000)).toBe(usd('5'))
  expect(charge({ prices: [price('5', 'grant')] }, 'input', 1000)).toBe(usd('2'))
  expect(charge({ prices: [price('1', 'grant')] }, 'input', 1000)).toBe(usd('1'))
  // Another id on the same usage keeps the id of the plan, so that the position in the period is kept.
  expect(charge({ prices: [price('5', 'replace', 'own')] }, 'input', 1000)).toBe(usd('5'))
  expect(charge({ prices: [price('4', 'replace')], discounts: [percent('25')] }, 'input', 1000)).toBe(usd('3'))
})

test('a negotiated cap or allowance replaces even downwards, a grant never takes away', () => {
  const limit = (quantity_: string, override: 'replace' | 'grant') => withTerms({ limits: [{ override, id: 'month', name: 'Month', meters: ['input'], quantity: quantity_, window: 'month', enforcement: 'hard' }] }).limits[0]!.quantity
  expect([limit('100', 'replace'), limit('100', 'grant'), limit('9000', 'grant')]).toEqual([100n, 5000n, 9000n])
  const allowance = (quantity_: string, override: 'replace' | 'grant', id = 'tokens') => withTerms({ allowances: [{ override, id, name: 'T', meters: ['input'], quantity: quantity_ }] }).allowances.map((one) => one.quantity)
  expect([allowance('10', 'replace'), allowance('10', 'grant'), allowance('10', 'grant', 'more')]).toEqual([[10n], [1000n], [1000n, 10n]])
})

test('a customer of another currency has the plan’s prices in it, with its contract on top', () => {
  expect(withTerms({}, 'EUR')).toMatchObject({ currency: 'EUR', asset: 'EUR', recurring: [{ amount: parseUnits('45', 'EUR') }] })
  expect(priceOf({}, 'input', 'EUR')).toMatchObject({ asset: 'EUR', amount: parseUnits('1.8', 'EUR') })
  expect(withTerms({ fee: '30' }, 'EUR').recurring[0]).toMatchObject({ amount: parseUnits('30', 'EUR') })
  expect(withTerms({}, 'JPY').currency).toBe('USD')
})

test('the plan of one contract is made once, and a term that the catalog does not know changes nothing', () => {
  const terms: TermsDocument = { ...NO_TERMS, discounts: [percent('5')] }
  expect(planOf(CATALOG, { plan: 'pro', terms })).toBe(planOf(CATALOG, { plan: 'pro', terms }))
  expect(planOf(CATALOG, { plan: 'gone', terms })).toBeUndefined()
  const strange = withTerms({ prices: [{ override: 'replace', id: 'x', name: 'X', meter: 'gone', model: 'per_unit', amount: '1', per: '1' }], limits: [{ override: 'replace', id: 'x', name: 'X', meters: ['gone'], quantity: '1', window: 'day', enforcement: 'hard' }] })
  expect([strange.prices.length, strange.limits.length]).toEqual([3, 1])
})

const discounts = fc.record({ keep: fc.bigInt({ min: 0n, max: ONE }), off: fc.bigInt({ min: 0n, max: 50_000_000_000_000n }) }).map(({ keep, off: amount }) => ({ keep: keep as Ratio, off: units(amount) }))
const models: fc.Arbitrary<CumulativePrice> = fc.constantFrom(...CATALOG.plans.get('pro')!.prices.filter((price): price is CumulativePrice => price.model === 'per_unit' || price.model === 'graduated'))
const counts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 })
const USAGE = pricedUsage({ feature: null, dimensions: {}, run: null, cost: null }, {})

test('the discounted charges of a period sum to the discounted total, whatever the order and the split', () => {
  fc.assert(fc.property(models, discounts, counts, (price, discount, parts) => {
    const own = addDiscount(price, discount) as CumulativePrice
    const sumOf = (order: readonly number[]): bigint => {
      let before = 0n
      let sum = 0n
      for (const part of order) {
        sum += chargeUsage(own, quantity(BigInt(part)), USAGE, () => ({ ...START, billable: quantity(before) })).amount!
        before += BigInt(part)
      }
      return sum
    }
    const total = discountTotal(discount, rateTotal(price, quantity(parts.reduce((sum, part) => sum + BigInt(part), 0n)))) - openingOf(own)
    expect(sumOf(parts)).toBe(total)
    expect(sumOf([...parts].reverse())).toBe(total)
  }))
})

test('no discounted charge is above its bound, and its lines sum to it', () => {
  fc.assert(fc.property(models, discounts, fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 400 }), (price, discount, before, added) => {
    const own = addDiscount(price, discount)
    const at = () => ({ ...START, billable: quantity(BigInt(before)) })
    const { amount } = chargeUsage(own, quantity(BigInt(added)), USAGE, at)
    expect(amount! <= boundUsage(own, quantity(BigInt(added)), USAGE)!).toBe(true)
    expect(sumOfLines(explainUsage(own, quantity(BigInt(added)), USAGE, at))).toBe(amount)
  }))
})

const CONTRACT: ContractDocument = { name: 'Acme', from: '2026-02-01', to: '2027-02-01', phases: [{ from: '2026-02-01', ...NO_TERMS }, { from: '2026-05-01', ...NO_TERMS, fee: '1' }] }
const at = (text: string) => Date.parse(text) as Instant

test.each([
  ['2026-01-31T22:59:59Z', null, '2026-01-31T23:00:00.000Z'],
  ['2026-01-31T23:00:00Z', null, '2026-04-30T22:00:00.000Z'],
  ['2026-04-30T21:59:59Z', null, '2026-04-30T22:00:00.000Z'],
  ['2026-04-30T22:00:00Z', '1', '2027-01-31T23:00:00.000Z'],
  ['2027-02-01T00:00:00Z', null, null],
])('at %s the phase with the fee %s holds, in the customer’s zone', (text, fee, until) => {
  const { terms, holds } = phaseAt(CONTRACT, 'Europe/Berlin', at(text))
  expect(terms?.fee ?? null).toBe(fee)
  if (until !== null) expect(new Date(holds.end).toISOString()).toBe(until)
  expect(holds.start <= at(text) && at(text) < holds.end).toBe(true)
})

test('the year of a commitment begins with the contract', () => {
  const window = commitmentWindow(CONTRACT, 'UTC', { window: 'contract_year', period: { start: at('2027-01-10T00:00:00Z'), end: at('2027-02-10T00:00:00Z') } })
  expect([window.start, window.end].map((time) => new Date(time).toISOString().slice(0, 10))).toEqual(['2026-02-01', '2027-02-01'])
})

const LINE: InvoiceLine = { kind: 'usage', price: 'input', entry: '', name: 'Input', quantity: NONE, included: NONE, billable: NONE, scale: 0, events: 1, exact: usd('100'), opening: units(0n), amount: usd('100') }
const FEE: InvoiceLine = { ...LINE, kind: 'fee', price: 'fee', exact: usd('50'), amount: usd('50') }
const close = (context: Partial<Omit<CloseContext, 'terms'>> & { readonly terms?: Partial<TermsDocument> }) => {
  const { terms, ...rest } = context
  return closeLinesOf([FEE, LINE], { currency: 'USD', plan: 'pro', commitment: { earlier: units(0n), isLast: true }, coupons: [], ...rest, terms: { ...NO_TERMS, ...terms } }).slice(2).map(({ kind, price, exact }) => [kind, price, exact])
}
const commitment = (minimum: string | null, maximum: string | null, counts_: 'usage' | 'all' = 'all') => ({ minimum, maximum, window: 'billing_period' as const, counts: counts_ })
const coupon = (more: Partial<Coupon>): Coupon => ({ code: 'C', name: 'Coupon', percent: null, amount: null, currency: null, periods: null, redemptionsMax: null, expiresAt: null, plans: null, ...more })

test('at close: amounts off, then the minimum, then the maximum, then coupons, each a line of its own', () => {
  expect(close({})).toEqual([])
  expect(close({ terms: { discounts: [off('20')] } })).toEqual([['discount', 'd', usd('-20')]])
  expect(close({ terms: { commitment: commitment('200', null) } })).toEqual([['commitment', 'minimum', usd('50')]])
  expect(close({ terms: { commitment: commitment('120', null, 'usage') } })).toEqual([['commitment', 'minimum', usd('20')]])
  expect(close({ terms: { commitment: commitment(null, '120') } })).toEqual([['commitment', 'maximum', usd('-30')]])
  expect(close({ terms: { discounts: [off('20')], commitment: commitment('200', null) }, coupons: [coupon({ percent: '10' })] })).toEqual([
    ['discount', 'd', usd('-20')], ['commitment', 'minimum', usd('70')], ['coupon', 'C', usd('-20')],
  ])
})

test('what is missing of a minimum is due in the last period of its window only, less what counted before', () => {
  const terms = { commitment: commitment('1000', null) }
  expect(close({ terms, commitment: { earlier: usd('700'), isLast: false } })).toEqual([])
  expect(close({ terms, commitment: { earlier: usd('700'), isLast: true } })).toEqual([['commitment', 'minimum', usd('150')]])
  expect(close({ terms: { commitment: commitment(null, '800') }, commitment: { earlier: usd('700'), isLast: false } })).toEqual([['commitment', 'maximum', usd('-50')]])
  expect(close({ terms: { commitment: commitment(null, '600') }, commitment: { earlier: usd('700'), isLast: false } })).toEqual([['commitment', 'maximum', usd('-150')]])
})

test('coupons are for their plans and currency, and take no more than is there', () => {
  expect(close({ coupons: [coupon({ amount: '500', currency: 'USD' }), coupon({ code: 'D', percent: '10' })] })).toEqual([['coupon', 'C', usd('-150')]])
  expect(close({ coupons: [coupon({ percent: '10', plans: ['other'] }), coupon({ amount: '5', currency: 'EUR' })] })).toEqual([])
})

test('nothing that the close adds makes an invoice negative', () => {
  const amount = fc.bigInt({ min: 0n, max: 400n }).map(String)
  fc.assert(fc.property(fc.array(amount), fc.option(amount, { nil: null }), fc.option(amount, { nil: null }), fc.array(amount), fc.bigInt({ min: 0n, max: 500n }), (offs, minimum, maximum, coupons, earlier) => {
    const lines = closeLinesOf([FEE, LINE], {
      currency: 'USD', plan: 'pro', terms: { ...NO_TERMS, discounts: offs.map((value) => off(value)), commitment: minimum === null && maximum === null ? null : commitment(minimum, maximum) },
      commitment: { earlier: usd(String(earlier)), isLast: true }, coupons: coupons.map((value) => coupon({ amount: value, currency: 'USD' })),
    })
    expect(lines.reduce((sum, { exact }) => sum + exact, 0n) >= 0n).toBe(true)
  }))
})

test.each([
  [{ expiresAt: 1000 as Instant }, 'coupon_expired'], [{ redemptionsMax: 3 }, 'coupon_used_up'], [{ plans: ['other'] }, 'coupon_of_other_plan'], [{ currency: 'EUR' }, 'coupon_of_other_currency'], [{}, null],
] as const)('a coupon with %j answers %s', (more, expected) => {
  expect(refuseCoupon(coupon(more), { redemptions: 3, plan: 'pro', currency: 'USD', now: 1000 as Instant })).toBe(expected)
})

const validate = (contract: Partial<ContractDocument>, terms: Partial<TermsDocument> = {}) =>
  validateContract({ name: 'A', from: '2026-01-01', to: null, phases: [{ from: '2026-01-01', ...NO_TERMS, ...terms }], ...contract }, { catalog: CATALOG, plan: CATALOG.plans.get('pro')! }).map(({ path, code }) => `${path.join('.')} ${code}`)

test('everything that is wrong with a contract is told, with its place', () => {
  expect(validate({})).toEqual([])
  expect(validate({ from: '2026-02-30', phases: [] })).toEqual(['from invalid_date', 'phases empty_list'])
  expect(validate({ to: '2025-01-01' })).toEqual(['to out_of_range', 'phases.0.from out_of_range'])
  expect(validate({}, { discounts: [{ ...percent('101'), of: 'x' }, percent('5', 'price', 'inptu'), off('5', 'price', 'share')] })).toEqual([
    'phases.0.discounts.0.percent out_of_range', 'phases.0.discounts.0.of out_of_range', 'phases.0.discounts.1.of unknown_price', 'phases.0.discounts.2.amount out_of_range',
  ])
  expect(validate({}, { prices: [{ override: 'grant', id: 'output', name: 'O', meter: 'output', model: 'per_unit', amount: '1', per: '1' }, { override: 'replace', id: 'x', name: 'X', meter: 'gone', model: 'per_unit', amount: '1', per: '1' }] })).toEqual([
    'phases.0.prices.0.override out_of_range', 'phases.0.prices.1.meter unknown_meter',
  ])
  expect(validate({}, { commitment: commitment('10', '5'), fee: '-1', allowances: [{ override: 'replace', id: 'a', name: 'A', meters: ['gone'], quantity: '1' }] })).toEqual([
    'phases.0.allowances.0.meters.0 unknown_meter', 'phases.0.fee out_of_range', 'phases.0.commitment.minimum out_of_range',
  ])
})
