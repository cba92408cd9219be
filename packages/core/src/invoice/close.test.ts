import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatUnits, parseUnits, roundToMinor, units, type Units } from '../money.ts'
import { parsePercent } from '../rating/ratio.ts'
import { instant } from '../time.ts'
import { closeInvoice, plainLine, type CloseInput, type LineKind } from './close.ts'

const period = { start: instant(0), end: instant(2_678_400_000) }
const usd = (text: string) => parseUnits(text, 'USD')
const line = (kind: LineKind, exact: Units) => plainLine({ kind, price: kind, name: kind, period, exact })
const vat = { kind: 'rates', inclusive: false, rates: [{ id: 'vat', name: 'VAT', percent: parsePercent('20', 'percent') }] } as const
const nothing = { currency: 'USD', lines: [], discounts: [], included: usd('0'), promotional: usd('0'), prepaid: usd('0'), tax: { kind: 'rates', rates: [], inclusive: false } } as const satisfies CloseInput

function shown(input: Partial<CloseInput>): Record<string, string> {
  const { subtotal, promotional, prepaid, taxable, taxed, total, amountDue, rounding } = closeInvoice({ ...nothing, ...input })
  return Object.fromEntries(Object.entries({ subtotal, promotional, prepaid, taxable, tax: taxed.tax, total, amountDue, rounding }).map(([name, amount]) => [name, formatUnits(amount, 'USD')]))
}

test('coupons, then promotional credit, then tax, then what was paid in advance', () => {
  expect(shown({ lines: [line('fee', usd('49')), line('usage', usd('51'))], discounts: [{ id: 'c', name: 'Ten', amount: usd('10') }], promotional: usd('5'), prepaid: usd('20'), tax: vat })).toEqual({
    subtotal: '100', promotional: '5', prepaid: '20', taxable: '65', tax: '13', total: '98', amountDue: '78', rounding: '0',
  })
})

test('credit never pays a fee, and a discount never makes an invoice negative', () => {
  expect(shown({ lines: [line('fee', usd('49')), line('usage', usd('3'))], prepaid: usd('3') })).toMatchObject({ prepaid: '3', amountDue: '49' })
  expect(shown({ lines: [line('fee', usd('49'))], discounts: [{ id: 'c', name: 'Hundred', amount: usd('100') }] })).toMatchObject({ taxable: '0', amountDue: '0' })
  expect(shown({ lines: [line('usage', usd('10'))], discounts: [{ id: 'c', name: 'Eight', amount: usd('8') }], prepaid: usd('10') })).toMatchObject({ prepaid: '2', amountDue: '0' })
})

test('usage that credit paid in full leaves no cent to ask for, whichever way it is rounded', () => {
  for (const exact of ['0.004', '0.005', '0.0049999', '1.994', '1.995']) {
    expect.soft(shown({ lines: [line('usage', usd(exact))], prepaid: usd(exact) }), exact).toMatchObject({ amountDue: '0' })
    expect.soft(shown({ lines: [line('usage', usd(exact))], promotional: usd('0.002'), prepaid: units(usd(exact) - usd('0.002')) }), exact).toMatchObject({ amountDue: '0' })
  }
})

test('what is given back makes the amount due negative, for a credit note', () => {
  expect(shown({ lines: [line('proration', usd('-20')), line('fee', usd('5'))], tax: vat })).toMatchObject({ subtotal: '-15', tax: '-3', amountDue: '-18' })
})

const amounts = fc.bigInt({ min: -(10n ** 14n), max: 10n ** 15n }).map(units)
const paid = fc.bigInt({ min: 0n, max: 10n ** 14n }).map(units)
const kinds = fc.constantFrom<LineKind>('fee', 'usage', 'late_usage', 'proration', 'true_up', 'item')

test('everything printed adds up, and the rounding is exactly what printing changed', () => {
  fc.assert(fc.property(fc.array(fc.tuple(kinds, amounts), { maxLength: 6 }), fc.array(paid, { maxLength: 2 }), paid, paid, paid, (lines, off, included, promotional, prepaid) => {
    const input: CloseInput = { ...nothing, tax: vat, lines: lines.map(([kind, exact]) => line(kind, exact)), discounts: off.map((amount, index) => ({ id: `c${index}`, name: 'c', amount })), included, promotional, prepaid }
    const invoice = closeInvoice(input)
    const discount = invoice.discounts.reduce((sum, one) => sum + one.amount, 0n)
    expect(invoice.taxable).toBe(invoice.subtotal - discount - invoice.included - invoice.promotional - invoice.prepaid)
    expect(invoice.total).toBe(invoice.taxed.net + invoice.taxed.tax + invoice.prepaid)
    expect(invoice.amountDue).toBe(invoice.total - invoice.prepaid)
    const exact = input.lines.reduce((sum, one) => sum + one.exact, 0n) - off.reduce((sum, one) => sum + one, 0n) - included - promotional - prepaid
    expect(invoice.rounding).toBe(invoice.taxable - exact)
    expect(invoice.included >= 0n && invoice.promotional >= 0n && invoice.prepaid >= 0n && discount >= 0n).toBe(true)
    for (const one of [invoice.subtotal, invoice.taxable, invoice.amountDue, ...invoice.lines.map(({ amount }) => amount)]) expect(roundToMinor(one, 'USD')).toBe(one)
  }))
})
