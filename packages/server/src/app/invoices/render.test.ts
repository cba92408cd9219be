import { extractText } from 'unpdf'
import { expect, test } from 'vitest'
import type { InvoiceDocument } from '@tollgate/core'
import { renderInvoiceHtml } from './html.ts'
import { missingCharacters, renderInvoicePdf } from './pdf.ts'
import { totalsOf } from './printed.ts'

const line = (number: number, name: string) => ({ line: number, kind: 'usage', price: 'input', name, from: '2026-03-01', to: '2026-03-31', quantity: '1234567.5', unit: 'token', included: '500000', exact: '1234.5678', amount: '1234.57' })
const document: InvoiceDocument = {
  kind: 'invoice', number: 'INV-000042', corrects: null, issued: '2026-04-01', due: '2026-04-15', from: '2026-03-01', to: '2026-03-31', currency: 'EUR',
  seller: { name: 'Ünïted Æther GmbH', address: ['Hauptstraße 1', '10115 Berlin'], country: 'DE', taxId: 'DE123456789', email: 'billing@example.com' },
  buyer: { name: 'Ελληνική Εταιρεία & Сыновья <script>', address: ['Οδός 5'], country: 'GR', taxId: 'EL999', email: null },
  lines: [line(1, 'Input tokens')], subtotal: '1234.57', discounts: [{ name: 'Launch offer', amount: '34.57' }], included: '0', promotional: '100', prepaid: '200', taxable: '900',
  taxes: [{ name: 'VAT', percent: '19', base: '900', amount: '171' }], taxInclusive: false, total: '1271', amountDue: '1071', rounding: '0.0022', notes: ['Reverse charge: the recipient owes the tax.'],
}

test('the rows under the lines lead from the subtotal to what is due', () => {
  expect(totalsOf(document).map(({ label, amount }) => `${label}: ${amount}`)).toEqual([
    'Subtotal: 1,234.57', 'Launch offer: -34.57', 'Paid by promotional credit: -100.00', 'VAT 19 % on 900.00: 171.00', 'Total: 1,271.00',
    'Paid by credit, taxed when it was bought: -200.00', 'Due: 1,071.00',
  ])
  expect(totalsOf({ ...document, currency: 'JPY', subtotal: '1000', discounts: [], promotional: '0', prepaid: '0', taxes: [], total: '1000' }).map(({ label, amount }) => `${label}: ${amount}`)).toEqual(['Subtotal: 1,000', 'Total: 1,000'])
})

test('names are text in the page, never markup', () => {
  const html = renderInvoiceHtml({ ...document, lines: [line(1, '"><img src=x onerror=alert(1)>')] })
  expect(html).not.toMatch(/<script|<img/)
  expect(html).toContain('&#60;script&#62;')
})

test('the PDF holds every line on as many pages as it takes, with names in Latin, Greek and Cyrillic', async () => {
  const long = { ...document, lines: Array.from({ length: 300 }, (_, index) => line(index + 1, `Line number ${index + 1}`)) }
  const bytes = await renderInvoicePdf(long, { font: null })
  expect(bytes.subarray(0, 5).toString()).toBe('%PDF-')
  const { totalPages, text } = await extractText(new Uint8Array(bytes), { mergePages: false })
  const all = text.join('\n')
  for (const expected of ['INV-000042', 'Ünïted Æther GmbH', 'Ελληνική', 'Сыновья', '1,071.00']) expect.soft(all).toContain(expected)
  for (const { name } of long.lines) expect.soft(all, name).toMatch(new RegExp(`${name}\\b`))
  expect(totalPages).toBeGreaterThan(5)
  for (const page of text.slice(0, -1)) expect(page).toContain('Quantity')
})

test('what the font cannot show is told, character by character', async () => {
  expect(await missingCharacters(document, { font: null })).toEqual([])
  expect(await missingCharacters({ ...document, buyer: { ...document.buyer, name: '株式会社A' } }, { font: null })).toEqual(['株', '式', '会', '社'])
})
