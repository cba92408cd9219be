// The invoice of the running period: exact lines, one rounding that is shown, and nothing asked for that credits paid.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { formatUnits, parseUnits, roundToMinor, units, ZERO, type Units } from '../money.ts'
import { NONE, quantity } from '../quantity.ts'
import type { CumulativePrice } from '../rating/price.ts'
import { rateAdded, rateTotal } from '../rating/rate.ts'
import { instant, type Span } from '../time.ts'
import { previewInvoice, type Accumulated, type InvoicePreview, type PreviewInput } from './preview.ts'

const usd = (text: string) => parseUnits(text, 'USD')
const printed = (amount: Units) => formatUnits(amount, 'USD')
const perToken = (id: string, amount: string): CumulativePrice => ({
  id,
  name: id,
  meter: id,
  scale: 0,
  asset: 'USD',
  when: new Map(),
  model: 'per_unit',
  amount: usd(amount),
  per: quantity(1_000_000n),
})
const tiered: CumulativePrice = {
  id: 'seats',
  name: 'Seats',
  meter: 'seats',
  scale: 0,
  asset: 'USD',
  when: new Map(),
  model: 'graduated',
  per: quantity(1n),
  tiers: [
    { upTo: quantity(5n), amount: usd('0'), flat: usd('12.345') },
    { upTo: null, amount: usd('3'), flat: usd('0') },
  ],
}

const PERIOD: Span = { start: instant(Date.UTC(2026, 1, 1)), end: instant(Date.UTC(2026, 2, 1)) }

function agreement(parts: { readonly fee?: string; readonly prices: readonly CumulativePrice[] }): Pick<PreviewInput, 'period' | 'prices' | 'agreed'> {
  const recurring = parts.fee === undefined ? [] : [{ id: 'base', name: 'Base fee', model: 'flat' as const, timing: 'in_advance' as const, amount: usd(parts.fee) }]
  return { period: PERIOD, prices: parts.prices, agreed: [{ ...PERIOD, plan: 'pro', recurring }] }
}

const accumulated = (price: string, amount: string, billable = 1n): Accumulated => ({
  price,
  entry: '',
  quantity: quantity(billable),
  included: NONE,
  billable: quantity(billable),
  amount: usd(amount),
  events: 1,
})
const summary = (preview: InvoicePreview) => ({
  lines: preview.lines.map(({ price, amount }) => `${price} ${printed(amount)}`),
  subtotal: printed(preview.subtotal),
  credits: printed(preview.creditsApplied),
  rounding: printed(preview.rounding),
  due: printed(preview.amountDue),
})
const preview = (parts: Parameters<typeof agreement>[0], totals: readonly Accumulated[], drawn: string) =>
  previewInvoice({ ...agreement(parts), currency: 'USD', accumulated: totals, paid: [{ asset: 'USD', drawn: usd(drawn), included: ZERO, accrued: ZERO, debt: ZERO }], creditValue: () => null })

test('each line prints its exact amount rounded once, and the difference is shown', () => {
  const prices = [perToken('input', '0.25'), perToken('output', '2')]
  expect(summary(preview({ fee: '20', prices }, [accumulated('input', '1.235'), accumulated('output', '0.004999')], '0'))).toEqual({
    lines: ['base 20', 'input 1.24', 'output 0'],
    subtotal: '21.24',
    credits: '0',
    rounding: '0.000001',
    due: '21.24',
  })
})

test('usage that credits paid in full leaves the fee to pay, whatever the rounding', () => {
  const prices = [perToken('input', '0.25'), perToken('output', '2')]
  expect(summary(preview({ fee: '20', prices }, [accumulated('input', '1.005'), accumulated('output', '0.005')], '1.01'))).toEqual({
    lines: ['base 20', 'input 1.01', 'output 0.01'],
    subtotal: '21.02',
    credits: '1.02',
    rounding: '0.01',
    due: '20',
  })
})

test('credits that paid a part reduce what is due by that part, and never below the fee', () => {
  const prices = [perToken('input', '0.25')]
  const due = (drawn: string) => summary(preview({ fee: '20', prices }, [accumulated('input', '10.004')], drawn)).due
  expect(due('4')).toBe('26')
  expect(due('0')).toBe('30')
  expect(due('10.003')).toBe('20')
  expect(due('10.004')).toBe('20')
})

test('a price without usage shows its opening fee, which credits have not paid', () => {
  expect(summary(preview({ prices: [tiered] }, [], '0'))).toEqual({ lines: ['seats 12.35'], subtotal: '12.35', credits: '0', rounding: '0.005', due: '12.35' })
})

test('a customer without fee and usage owes nothing', () => {
  expect(summary(preview({ prices: [] }, [], '0'))).toEqual({ lines: [], subtotal: '0', credits: '0', rounding: '0', due: '0' })
})

test('a line is the sum of its events’ charges and its opening fee, and printed lines differ from exact ones by the shown rounding', () => {
  const events = fc.array(fc.tuple(fc.constantFrom('input', 'output', 'seats'), fc.bigInt({ min: 0n, max: 5_000_000n }).map(quantity)), { maxLength: 25 })
  fc.assert(
    fc.property(events, fc.boolean(), (list, paidByCredits) => {
      const prices = [perToken('input', '0.25'), perToken('output', '1.99'), tiered]
      const totals = new Map<string, Accumulated>()
      for (const [id, added] of list) {
        const before = totals.get(id) ?? { price: id, entry: '', quantity: NONE, included: NONE, billable: NONE, amount: ZERO, events: 0 }
        const charge = rateAdded(
          prices.find((price) => price.id === id)!,
          before.billable,
          added,
        )
        totals.set(id, {
          ...before,
          quantity: quantity(before.quantity + added),
          billable: quantity(before.billable + added),
          amount: units(before.amount + charge),
          events: before.events + 1,
        })
      }
      const charged = [...totals.values()].reduce((sum: bigint, { amount }) => sum + amount, 0n)
      const drawn = paidByCredits ? units(charged) : ZERO
      const result = previewInvoice({ ...agreement({ fee: '9.99', prices }), currency: 'USD', accumulated: [...totals.values()], paid: [{ asset: 'USD', drawn, included: ZERO, accrued: ZERO, debt: ZERO }], creditValue: () => null })
      for (const price of prices) {
        const line = result.lines.find((candidate) => candidate.price === price.id)!
        expect(line.exact).toBe(rateTotal(price, totals.get(price.id)?.billable ?? NONE))
        expect(line.amount).toBe(roundToMinor(line.exact, 'USD'))
        expect(line.events).toBe(totals.get(price.id)?.events ?? 0)
      }
      expect(result.subtotal).toBe(result.lines.reduce((sum: bigint, { amount }) => sum + amount, 0n))
      expect(result.subtotal - result.rounding).toBe(result.lines.reduce((sum: bigint, { exact }) => sum + exact, 0n))
      expect(result.amountDue).toBe(result.subtotal - result.creditsApplied)
      expect(result.amountDue >= usd('9.99')).toBe(true)
    }),
    { numRuns: 200 },
  )
})
