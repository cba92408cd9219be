// Lines for another system: whatever is on the document, they are together what it asks for.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatUnits, units, type Units } from '../money.ts'
import { instant } from '../time.ts'
import { closeInvoice, plainLine } from './close.ts'
import type { InvoiceDocument } from './document.ts'
import { handedLines } from './handed-lines.ts'

const CENT = 10n ** 10n
const period = { start: instant(0), end: instant(86_400_000) }
const cents = (min: number, max: number) => fc.integer({ min, max }).map((value) => units(BigInt(value) * CENT))

function documentOf(input: { readonly lines: readonly Units[]; readonly discount: Units; readonly promotional: Units; readonly prepaid: Units; readonly percent: number; readonly inclusive: boolean }): InvoiceDocument {
  const closed = closeInvoice({
    currency: 'USD', lines: input.lines.map((exact, index) => plainLine({ kind: index === 0 ? 'usage' : 'fee', price: `p${index}`, name: `Line ${index}`, period, exact })),
    discounts: input.discount === 0n ? [] : [{ id: 'd', name: 'Discount', amount: input.discount }], included: units(0n), promotional: input.promotional, prepaid: input.prepaid,
    tax: { kind: 'rates', inclusive: input.inclusive, rates: [{ id: 'vat', name: 'VAT', percent: BigInt(input.percent) * 10_000_000n, jurisdiction: 'DE' } as never] },
  })
  const text = (amount: Units) => formatUnits(amount, 'USD')
  return {
    kind: 'invoice', number: 'INV-1', corrects: null, issued: '2026-01-01', due: null, from: '2026-01-01', to: '2026-01-31', currency: 'USD', seller: null as never, buyer: null as never,
    lines: closed.lines.map((line, index) => ({ line: index + 1, kind: line.kind, price: line.price, name: line.name, from: '2026-01-01', to: '2026-01-31', quantity: '1', unit: null, included: '0', exact: text(line.exact), amount: text(line.amount) })),
    subtotal: text(closed.subtotal), discounts: closed.discounts.map(({ name, amount }) => ({ name, amount: text(amount) })), included: text(closed.included), promotional: text(closed.promotional), prepaid: text(closed.prepaid), taxable: text(closed.taxable),
    taxes: closed.taxed.taxes.map((tax) => ({ name: tax.rate.name, percent: '19', base: text(tax.base), amount: text(tax.amount) })), taxInclusive: input.inclusive, total: text(closed.total), amountDue: text(closed.amountDue), rounding: text(closed.rounding), notes: [],
  }
}

const inputs = fc.record({ lines: fc.array(cents(1, 100_000), { minLength: 1, maxLength: 12 }), discount: cents(0, 500), promotional: cents(0, 400), prepaid: cents(0, 400), percent: fc.integer({ min: 0, max: 25 }), inclusive: fc.boolean() })

test('the lines are exactly what is asked for, however many may be handed over', () => {
  fc.assert(fc.property(inputs, fc.integer({ min: 6, max: 20 }), (input, max) => {
    const document = documentOf(input)
    const lines = handedLines(document, max)
    expect(lines.length).toBeLessThanOrEqual(max)
    expect(formatUnits(units(lines.reduce((sum, { amount }) => sum + amount, 0n)), 'USD')).toBe(document.amountDue)
    expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length)
  }))
})

test('a document whose parts are not its sum is not handed over', () => {
  const document = documentOf({ lines: [units(100n * CENT)], discount: units(0n), promotional: units(0n), prepaid: units(0n), percent: 0, inclusive: false })
  expect(() => handedLines({ ...document, amountDue: '2' }, 10)).toThrow('another sum')
})
