import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instant } from '../time.ts'
import { parseUnits, units } from '../money.ts'
import { parsePercent } from '../rating/ratio.ts'
import { creditPriceOf, quoteCredits, type CreditPrice } from './price.ts'
import { decideRecharge, type RechargeFacts, type RechargeRule } from './recharge.ts'

const usd = (text: string) => parseUnits(text, 'USD')
const PRICE: CreditPrice = { asset: 'credits', currency: 'USD', amount: usd('0.01'), bonus: [{ from: usd('100'), percent: parsePercent('10', 'percent') }, { from: usd('500'), percent: parsePercent('20', 'percent') }], min: usd('5'), max: usd('1000'), days: null, bonusDays: null, features: [] }
const credits = (text: string) => parseUnits(text, 'credits')

test.each([
  ['500', '5', '0'],
  ['9999', '99.99', '0'],
  ['10000', '100', '1000'],
  ['50000', '500', '10000'],
  // A price between two cents is rounded half away from zero; a part of a credit is not given.
  ['1000.5', '10.01', '0'],
  ['10000.000001', '100', '1000'],
])('%s credits cost %s and bring %s on top', (bought, net, bonus) => {
  expect(quoteCredits(PRICE, credits(bought))).toMatchObject({ net: usd(net), bonus: credits(bonus) })
})

test('more credits never cost less, and never bring a smaller bonus', () => {
  const amount = fc.bigInt({ min: 1n, max: 10n ** 12n }).map(units)
  fc.assert(fc.property(amount, amount, (a, b) => {
    const [less, more] = a < b ? [a, b] : [b, a]
    const [cheap, dear] = [quoteCredits(PRICE, less), quoteCredits(PRICE, more)]
    return cheap.net <= dear.net && cheap.bonus <= dear.bonus
  }))
})

test('without a price a currency is bought one for one, an asset at its value, and one without a value not at all', () => {
  const catalog = { creditAssets: new Map([['credits', { id: 'credits', name: '', currency: 'USD', value: usd('0.02') }], ['honour', { id: 'honour', name: '', currency: 'USD', value: null }]]) }
  expect(quoteCredits(creditPriceOf(catalog, 'JPY')!, parseUnits('1200', 'JPY')).net).toBe(parseUnits('1200', 'JPY'))
  expect(quoteCredits(creditPriceOf(catalog, 'credits')!, credits('1000')).net).toBe(usd('20'))
  expect(creditPriceOf(catalog, 'honour')).toBeNull()
})

const RULE: RechargeRule = { threshold: credits('500'), fill: { kind: 'amount', amount: credits('5000') }, monthMax: usd('100'), cooldownMs: 60_000, failures: 0, stoppedAt: null }
const FACTS: RechargeFacts = { balance: credits('500'), isOpen: false, lastAt: null, paidInMonth: usd('0'), now: instant(1_000_000) }

test.each<[string, Partial<RechargeRule>, Partial<RechargeFacts>]>([
  ['buy 5000', {}, {}],
  ['buy 4500', { fill: { kind: 'target', target: credits('5000') } }, {}],
  // What is owed is bought as well.
  ['buy 6000', { fill: { kind: 'target', target: credits('5000') } }, { balance: credits('-1000') }],
  ['above_threshold', {}, { balance: credits('500.000001') }],
  ['under_way', {}, { isOpen: true }],
  ['stopped', { stoppedAt: instant(1) }, {}],
  ['cooldown', {}, { lastAt: instant(940_001) }],
  ['buy 5000', {}, { lastAt: instant(940_000) }],
  ['buy 5000', {}, { paidInMonth: usd('50') }],
  ['month_bound', {}, { paidInMonth: usd('50.01') }],
  ['price_bound', { fill: { kind: 'amount', amount: credits('499') } }, {}],
  ['price_bound', { fill: { kind: 'amount', amount: credits('200000') } }, {}],
])('%s: %o %o', (expected, rule, facts) => {
  const decision = decideRecharge({ ...RULE, ...rule }, PRICE, { ...FACTS, ...facts })
  expect(decision.kind === 'buy' ? `buy ${decision.quote.credits / 1_000_000n}` : decision.reason).toBe(expected)
})
