// Invoices as EN 16931 knows them: whatever is on them, the standard's rules on totals hold to the cent; each tax treatment is its category; what is
// missing is told by name.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatPercent, parsePercent } from '../rating/ratio.ts'
import { formatUnits, parseUnits, units, ZERO } from '../money.ts'
import type { Instant } from '../time.ts'
import { closeInvoice, plainLine } from './close.ts'
import type { DocumentLine, InvoiceDocument, Party } from './document.ts'
import { eInvoiceOf, exemptNote, REVERSE_CHARGE_NOTE, type EInvoice } from './e-invoice.ts'
import type { TaxTreatment } from './tax.ts'

const SELLER: Party = { name: 'Seller GmbH', address: ['Seitenstraße 2', '10115 Berlin'], country: 'DE', taxId: 'DE123456789', email: 'billing@seller.example' }
const BUYER: Party = { name: 'Käufer SARL', address: ['1 rue du Port'], country: 'FR', taxId: 'FR40303265045', email: null }
const VAT = (percent: string, inclusive = false): TaxTreatment => ({ kind: 'rates', inclusive, rates: [{ id: 'vat', name: 'VAT', percent: parsePercent(percent, 'percent') }] })

type Given = { readonly lines: readonly { readonly exact: string; readonly quantity?: string; readonly unit?: string | null }[]; readonly discount?: string; readonly included?: string; readonly promotional?: string; readonly prepaid?: string; readonly tax?: TaxTreatment; readonly currency?: string }

/** The document of an invoice that was closed with this. */
function documentOf({ lines, discount = '0', included = '0', promotional = '0', prepaid = '0', tax = VAT('19'), currency = 'EUR' }: Given): InvoiceDocument {
  const amount = (text: string) => parseUnits(text, currency)
  const text = (value: bigint) => formatUnits(units(value), currency)
  const period = { start: 0 as Instant, end: 86_400_000 as Instant }
  const closed = closeInvoice({
    currency, lines: lines.map(({ exact }, index) => plainLine({ kind: 'usage', price: `p${index}`, name: `Line ${index}`, period, exact: amount(exact) })), discounts: discount === '0' ? [] : [{ id: 'd', name: 'Partner', amount: amount(discount) }],
    included: amount(included), promotional: amount(promotional), prepaid: amount(prepaid), tax,
  })
  return {
    kind: 'invoice', number: 'INV-000001', corrects: null, issued: '2026-03-01', due: '2026-03-15', from: '2026-02-01', to: '2026-02-28', currency, seller: SELLER, buyer: BUYER,
    lines: closed.lines.map((line, index): DocumentLine => ({ line: index + 1, kind: line.kind, price: line.price, name: line.name, from: '2026-02-01', to: '2026-02-28', quantity: lines[index]!.quantity ?? '0', unit: lines[index]!.unit ?? null, included: '0', exact: text(line.exact), amount: text(line.amount) })),
    subtotal: text(closed.subtotal), discounts: closed.discounts.map(({ name, amount: off }) => ({ name, amount: text(off) })), included: text(closed.included), promotional: text(closed.promotional), prepaid: text(closed.prepaid), taxable: text(closed.taxable),
    taxes: closed.taxed.taxes.map(({ rate, base, amount: own }) => ({ name: rate.name, percent: formatPercent(rate.percent), base: text(base), amount: text(own) })), taxInclusive: tax.kind === 'rates' && tax.inclusive, total: text(closed.total), amountDue: text(closed.amountDue),
    rounding: text(closed.rounding), notes: tax.kind === 'reverse_charge' ? [REVERSE_CHARGE_NOTE] : tax.kind === 'exempt' ? [exemptNote(tax.reason)] : [],
  }
}

const CENT = parseUnits('0.01', 'EUR')

/** The rules of the standard that it breaks. */
function brokenRules({ lines, allowances, totals, tax, ...invoice }: EInvoice): string[] {
  const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n)
  const difference = tax.amount - (tax.percent === null ? 0n : (tax.base * parseUnits(tax.percent, 'EUR')) / parseUnits('100', 'EUR'))
  const rules: Readonly<Record<string, boolean>> = {
    'BR-CO-10': totals.lines === sum(lines.map(({ net }) => net)),
    'BR-CO-11': totals.allowances === sum(allowances.filter(({ isCharge }) => !isCharge).map(({ amount }) => amount)),
    'BR-CO-12': totals.charges === sum(allowances.filter(({ isCharge }) => isCharge).map(({ amount }) => amount)),
    'BR-CO-13': totals.withoutTax === totals.lines - totals.allowances + totals.charges,
    'BR-CO-15': totals.withTax === totals.withoutTax + tax.amount,
    'BR-CO-16': totals.payable === totals.withTax - totals.paid,
    'BR-CO-17': difference <= CENT && difference >= -CENT,
    'BR-S-08': tax.base === totals.lines - totals.allowances + totals.charges,
    'BR-27': lines.every(({ price, baseQuantity }) => price >= ZERO && !baseQuantity.startsWith('-')),
    'BR-DEC': [...lines.map(({ net }) => net), ...allowances.map(({ amount }) => amount), ...Object.values(totals), tax.base, tax.amount].every((value) => value % CENT === 0n),
    'price times quantity is the line': lines.every(({ net, price, quantity, baseQuantity }) => net === (quantity.startsWith('-') ? -price : price) && quantity.replace('-', '') === baseQuantity),
    'periods of lines are inside': lines.every(({ from, to }) => from >= invoice.from && to <= invoice.to),
  }
  return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [rule]))
}

test('whatever lines, discounts, credit and tax an invoice has, its totals follow from each other to the cent', () => {
  const cents = (max: number) => fc.integer({ min: 0, max }).map((value) => `${Math.floor(value / 100)}.${String(value % 100).padStart(2, '0')}`)
  const exact = fc.tuple(fc.integer({ min: -20_000, max: 90_000_000 }), fc.integer({ min: 0, max: 9_999 })).map(([whole, rest]) => `${whole < 0 ? '-' : ''}${Math.abs(whole / 100).toFixed(2)}${String(rest).padStart(4, '0')}`)
  const given = fc.record({
    lines: fc.array(fc.record({ exact, quantity: fc.constantFrom('0', '1', '700000', '0.5', '-3'), unit: fc.constantFrom(null, 'token', 'GB') }), { minLength: 1, maxLength: 8 }),
    discount: cents(50_000), included: cents(20_000), promotional: cents(20_000), prepaid: cents(20_000),
    tax: fc.oneof(fc.tuple(fc.constantFrom('19', '7', '0', '5.5', '25', '8.875'), fc.boolean()).map(([percent, inclusive]) => VAT(percent, inclusive)), fc.constant<TaxTreatment>({ kind: 'reverse_charge' }), fc.constant<TaxTreatment>({ kind: 'exempt', reason: 'Art. 135' }), fc.constant<TaxTreatment>({ kind: 'rates', rates: [], inclusive: false })),
  })
  fc.assert(fc.property(given, (one) => {
    const document = documentOf(one)
    // Prices with tax that come to nothing leave nothing to split.
    fc.pre(!document.taxInclusive || document.amountDue !== '0')
    expect(brokenRules(eInvoiceOf(document))).toEqual([])
  }), { numRuns: 2_000 })
})

test('an invoice that was paid before it was written asks for nothing, and says what was paid', () => {
  const { totals, tax } = eInvoiceOf({ ...documentOf({ lines: [{ exact: '100' }] }), amountDue: '0' })
  expect([tax.base, totals.withTax, totals.paid, totals.payable].map((amount) => formatUnits(amount, 'EUR'))).toEqual(['100', '119', '119', '0'])
})

test.each<[string, TaxTreatment, Partial<EInvoice['tax']>]>([
  ['a rate', VAT('19'), { category: 'S', percent: '19', reason: null }],
  ['a rate of nothing', VAT('0'), { category: 'Z', percent: '0', reason: null }],
  ['exempt', { kind: 'exempt', reason: 'Art. 135 of Directive 2006/112/EC' }, { category: 'E', percent: '0', reason: 'Art. 135 of Directive 2006/112/EC' }],
  ['reverse charge', { kind: 'reverse_charge' }, { category: 'AE', percent: '0', reasonCode: 'VATEX-EU-AE' }],
  ['no tax', { kind: 'rates', rates: [], inclusive: false }, { category: 'O', percent: null, reasonCode: 'VATEX-EU-O' }],
  ['two rates on one base', { kind: 'rates', inclusive: false, rates: [{ id: 'a', name: 'A', percent: parsePercent('6', 'p') }, { id: 'b', name: 'B', percent: parsePercent('2.25', 'p') }] }, { category: 'S', percent: '8.25' }],
])('%s has its category', (_, tax, category) => {
  const { tax: own, seller, buyer } = eInvoiceOf(documentOf({ lines: [{ exact: '100' }], tax }))
  expect(own).toMatchObject(category)
  expect([seller.hasVatId, buyer.hasVatId]).toEqual(own.category === 'O' ? [false, false] : [true, true])
})

test('tiers, flat fees and what gives back have a quantity and a price that make their amount; credit that was bought takes off what is taxed', () => {
  const { lines, allowances, totals } = eInvoiceOf(documentOf({ lines: [{ exact: '3.005', quantity: '700000', unit: 'token' }, { exact: '49', quantity: '0', unit: null }, { exact: '-12.5', quantity: '2', unit: 'GB' }], prepaid: '10', discount: '5' }))
  expect(lines.map(({ quantity, unitCode, price, baseQuantity }) => [quantity, unitCode, formatUnits(price, 'EUR'), baseQuantity])).toEqual([['700000', 'C62', '3.01', '700000'], ['1', 'C62', '49', '1'], ['-2', 'E34', '12.5', '2']])
  expect(allowances.map(({ reason, amount }) => [reason, formatUnits(amount, 'EUR')])).toEqual([['Partner', '5'], ['Paid by credit, taxed when it was bought', '10']])
  expect([totals.lines, totals.withoutTax, totals.payable].map((amount) => formatUnits(amount, 'EUR'))).toEqual(['39.51', '24.51', '29.17'])
})

test.each<[string, (document: InvoiceDocument) => InvoiceDocument, string, string]>([
  ['a draft', (one) => ({ ...one, number: null }), 'number', 'finalize it first'],
  ['the seller’s country', (one) => ({ ...one, seller: { ...SELLER, country: null } }), 'seller.country', 'PUT /v1/billing/settings'],
  ['the buyer’s country', (one) => ({ ...one, buyer: { ...BUYER, country: null } }), 'party.country', 'billing-profile'],
  ['the buyer’s address', (one) => ({ ...one, buyer: { ...BUYER, address: [] } }), 'party.address', 'billing-profile'],
  ['the seller’s tax id', (one) => ({ ...one, seller: { ...SELLER, taxId: null } }), 'seller.tax_id', 'PUT /v1/billing/settings'],
  ['the buyer’s VAT id under reverse charge', (one) => ({ ...one, taxes: [], notes: [REVERSE_CHARGE_NOTE], buyer: { ...BUYER, taxId: '303265045' } }), 'party.tax_id', 'DE123456789'],
  ['a currency with three decimal places', () => documentOf({ lines: [{ exact: '1.234' }], currency: 'KWD' }), 'currency', 'EN 16931'],
])('%s that is missing is told by name, with where to set it', (_, change, field, says) => {
  expect(() => eInvoiceOf(change(documentOf({ lines: [{ exact: '100' }] })))).toThrow(expect.objectContaining({ code: 'e_invoice_incomplete', field, message: expect.stringContaining(says) }))
})
