// Invoices and credit notes as UBL: in the order of its schema, nothing empty, hostile text as text, and what is printed is what it says. Over the
// API: of invoices, credit notes and purchases, of a tenant alone, and with a word about what is missing.

import { XMLParser } from 'fast-xml-parser'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REVERSE_CHARGE_NOTE, type InvoiceDocument } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { renderInvoiceUbl } from './ubl.ts'

const line = (number: number, own: Json = {}): InvoiceDocument['lines'][number] => ({ line: number, kind: 'usage', price: 'input', name: `Line ${number}`, from: '2026-03-01', to: '2026-03-31', quantity: '700000', unit: 'token', included: '500000', exact: '100', amount: '100', ...own })
const DOCUMENT: InvoiceDocument = {
  kind: 'invoice', number: 'INV-000042', corrects: null, issued: '2026-04-01', due: '2026-04-15', from: '2026-03-01', to: '2026-03-31', currency: 'EUR',
  seller: { name: 'Ünïted Æther GmbH', address: ['Hauptstraße 1', '10115 Berlin', 'Hinterhof'], country: 'DE', taxId: 'DE123456789', email: 'billing@seller.example' }, buyer: { name: 'Ελληνική & <Co>', address: ['Οδός 5'], country: 'GR', taxId: 'EL123456789', email: 'ap@buyer.example' },
  lines: [line(1), line(2, { name: '"><x/>\u{1f600}\u{1}', unit: null, quantity: '0', amount: '49', exact: '49' }), line(3, { amount: '-20', exact: '-20', from: '2026-02-01', to: '2026-02-28', unit: 'GB', quantity: '1.5' })],
  subtotal: '129', discounts: [{ name: 'Launch offer', amount: '9' }], included: '0', promotional: '10', prepaid: '20', taxable: '90', taxes: [{ name: 'VAT', percent: '19', base: '90', amount: '17.1' }], taxInclusive: false, total: '127.1', amountDue: '107.1', rounding: '0', notes: ['Thank you.', 'Terms.'],
}

/** The order of UBL 2.1's schema for what is written here; a name stands where it may, or not at all. */
const ORDER: Readonly<Record<string, readonly string[]>> = {
  Invoice: ['CustomizationID', 'ID', 'IssueDate', 'DueDate', 'InvoiceTypeCode', 'Note', 'DocumentCurrencyCode', 'InvoicePeriod', 'BillingReference', 'AccountingSupplierParty', 'AccountingCustomerParty', 'PaymentTerms', 'AllowanceCharge', 'TaxTotal', 'LegalMonetaryTotal', 'InvoiceLine'],
  CreditNote: ['CustomizationID', 'ID', 'IssueDate', 'CreditNoteTypeCode', 'Note', 'DocumentCurrencyCode', 'InvoicePeriod', 'BillingReference', 'AccountingSupplierParty', 'AccountingCustomerParty', 'AllowanceCharge', 'TaxTotal', 'LegalMonetaryTotal', 'CreditNoteLine'],
  Party: ['EndpointID', 'PartyName', 'PostalAddress', 'PartyTaxScheme', 'PartyLegalEntity', 'Contact'], PostalAddress: ['StreetName', 'AdditionalStreetName', 'AddressLine', 'Country'], PartyTaxScheme: ['CompanyID', 'TaxScheme'],
  AllowanceCharge: ['ChargeIndicator', 'AllowanceChargeReason', 'Amount', 'TaxCategory'], TaxTotal: ['TaxAmount', 'TaxSubtotal'], TaxSubtotal: ['TaxableAmount', 'TaxAmount', 'TaxCategory'],
  TaxCategory: ['ID', 'Percent', 'TaxExemptionReasonCode', 'TaxExemptionReason', 'TaxScheme'], ClassifiedTaxCategory: ['ID', 'Percent', 'TaxScheme'],
  LegalMonetaryTotal: ['LineExtensionAmount', 'TaxExclusiveAmount', 'TaxInclusiveAmount', 'AllowanceTotalAmount', 'ChargeTotalAmount', 'PrepaidAmount', 'PayableAmount'],
  InvoiceLine: ['ID', 'InvoicedQuantity', 'LineExtensionAmount', 'InvoicePeriod', 'Item', 'Price'], CreditNoteLine: ['ID', 'CreditedQuantity', 'LineExtensionAmount', 'InvoicePeriod', 'Item', 'Price'], Item: ['Description', 'Name', 'ClassifiedTaxCategory'], Price: ['PriceAmount', 'BaseQuantity'],
}

type Element = { readonly name: string; readonly children: readonly Element[]; readonly text: string }
function parse(xml: string): Element {
  const parser = new XMLParser({ preserveOrder: true, ignoreAttributes: true, ignoreDeclaration: true, removeNSPrefix: true, parseTagValue: false, trimValues: false })
  const read = (nodes: readonly Json[]): Element[] => nodes.flatMap((node) => Object.entries(node).flatMap(([name, inner]) => (name === '#text' ? [] : [{ name, children: read(inner as Json[]), text: (inner as Json[]).map((one) => one['#text'] ?? '').join('') }])))
  return read(parser.parse(xml))[0]!
}
/** What stands out of order, is not known there, or is empty. */
function faults(element: Element): string[] {
  const order = ORDER[element.name]
  const names = element.children.map(({ name }) => name)
  const places = order === undefined ? [] : names.map((name) => order.indexOf(name))
  return [
    ...(places.some((place, index) => place < 0 || (index > 0 && place < places[index - 1]!)) ? [`${element.name}: ${names.join(' ')}`] : []), ...(element.children.length === 0 && element.text.trim() === '' ? [`${element.name} is empty`] : []),
    ...element.children.flatMap(faults),
  ]
}
const at = (element: Element, path: string): string[] => path.split('/').reduce<readonly Element[]>((found, name) => found.flatMap(({ children }) => children.filter((child) => child.name === name)), [element]).map(({ text }) => text)

test('an invoice is UBL in the order of its schema, with what is printed, and hostile text as text', () => {
  const xml = renderInvoiceUbl(DOCUMENT)
  const root = parse(xml)
  expect(faults(root)).toEqual([])
  expect(xml).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/)
  expect(at(root, 'InvoiceLine/Item/Name')).toEqual(['Line 1', '"><x/>\u{1f600}', 'Line 3'])
  expect(at(root, 'AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName')).toEqual(['Ελληνική & <Co>'])
  expect(at(root, 'AccountingSupplierParty/Party/PartyTaxScheme/CompanyID')).toEqual(['DE123456789'])
  expect(Object.fromEntries(root.children.find(({ name }) => name === 'LegalMonetaryTotal')!.children.map(({ name, text }) => [name, text]))).toEqual({ LineExtensionAmount: '129.00', TaxExclusiveAmount: '90.00', TaxInclusiveAmount: '107.10', AllowanceTotalAmount: '39.00', PayableAmount: '107.10' })
  expect([at(root, 'TaxTotal/TaxAmount'), at(root, 'TaxTotal/TaxSubtotal/TaxCategory/ID'), at(root, 'TaxTotal/TaxSubtotal/TaxCategory/Percent')]).toEqual([['17.10'], ['S'], ['19']])
  expect([at(root, 'InvoiceLine/InvoicedQuantity'), at(root, 'InvoiceLine/LineExtensionAmount'), at(root, 'InvoiceLine/Price/PriceAmount'), at(root, 'InvoiceLine/Price/BaseQuantity')]).toEqual([['700000', '1', '-1.5'], ['100.00', '49.00', '-20.00'], ['100.00', '49.00', '20.00'], ['700000', '1', '1.5']])
  expect([at(root, 'InvoicePeriod/StartDate'), at(root, 'InvoicePeriod/EndDate'), at(root, 'Note')]).toEqual([['2026-02-01'], ['2026-03-31'], ['Thank you.\nTerms.']])
})

test('a credit note, reverse charge, no scope of tax, and a currency without decimal places', () => {
  const note = parse(renderInvoiceUbl({ ...DOCUMENT, kind: 'credit_note', number: 'CN-000001', corrects: 'INV-000042', due: null, lines: [line(1)], subtotal: '100', discounts: [], promotional: '0', prepaid: '0', taxable: '100', taxes: [{ name: 'VAT', percent: '19', base: '100', amount: '19' }], total: '119', amountDue: '119' }))
  expect(faults(note)).toEqual([])
  expect([at(note, 'CreditNoteTypeCode'), at(note, 'BillingReference/InvoiceDocumentReference/ID'), at(note, 'CreditNoteLine/CreditedQuantity')]).toEqual([['381'], ['INV-000042'], ['700000']])
  const untaxed = { ...DOCUMENT, taxes: [], total: '110', amountDue: '90' }
  const reverse = parse(renderInvoiceUbl({ ...untaxed, notes: [REVERSE_CHARGE_NOTE] }))
  expect([faults(reverse), at(reverse, 'TaxTotal/TaxSubtotal/TaxCategory/TaxExemptionReasonCode'), at(reverse, 'InvoiceLine/Item/ClassifiedTaxCategory/Percent')]).toEqual([[], ['VATEX-EU-AE'], ['0', '0', '0']])
  const outside = parse(renderInvoiceUbl(untaxed))
  expect([faults(outside), at(outside, 'TaxTotal/TaxSubtotal/TaxCategory/ID'), at(outside, 'TaxTotal/TaxSubtotal/TaxCategory/Percent'), at(outside, 'AccountingCustomerParty/Party/PartyTaxScheme/CompanyID'), at(outside, 'AccountingSupplierParty/Party/PartyTaxScheme/TaxScheme/ID')]).toEqual([[], ['O'], [], [], ['TAX']])
  const yen = parse(renderInvoiceUbl({ ...untaxed, currency: 'JPY', due: null }))
  expect([at(yen, 'LegalMonetaryTotal/PayableAmount'), at(yen, 'PaymentTerms/Note')]).toEqual([['90'], ['Due on receipt']])
})

let api: TestApi
beforeAll(async () => {
  api = await testApi()
})
afterAll(() => api.close())

test('over the API an e-invoice says which field is missing and where to set it, and is there when it was set; a tenant gets its own alone', async () => {
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller GmbH', address: ['Seitenstraße 2'] } } })
  for (const id of ['cus_one', 'cus_two']) await api.call('POST /v1/customers', { body: { id, name: id, plan: 'hybrid' } })
  await api.call('PUT /v1/tax-rates/vat', { body: { name: 'VAT', percent: '19' } })
  const profile = { party: { name: 'Buyer SARL', address: ['1 rue du Port'] }, tax: { kind: 'rates', rates: ['vat'] } }
  expect((await api.call('PUT /v1/customers/cus_one/billing-profile', { body: profile })).status).toBe(200)
  await api.call('POST /v1/customers/cus_one/invoice-items', { body: { name: 'Onboarding', amount: '100' } })
  const { id } = (await api.call('POST /v1/customers/cus_one/invoices', { body: { kind: 'manual' } })).body
  const xml = (path = `invoices/${id}`, key = api.admin) => api.call(`GET /v1/customers/cus_one/${path}/xml`, { key })
  const missing = async (): Promise<[string, string]> => {
    const { status, body } = await xml()
    expect(status).toBe(409)
    return [body.code, body.field]
  }
  expect(await missing()).toEqual(['e_invoice_incomplete', 'seller.country'])
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller GmbH', address: ['Seitenstraße 2'], country: 'DE' } } })
  expect(await missing()).toEqual(['e_invoice_incomplete', 'party.country'])
  await api.call('PUT /v1/customers/cus_one/billing-profile', { body: { ...profile, party: { ...profile.party, country: 'FR' } } })
  expect(await missing()).toEqual(['e_invoice_incomplete', 'seller.tax_id'])
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller GmbH', address: ['Seitenstraße 2'], country: 'DE', tax_id: 'DE123456789' } } })
  const { status, headers, text } = await xml()
  expect([status, headers['content-type'], headers['content-disposition']]).toEqual([200, 'application/xml; charset=utf-8', 'inline; filename="INV-000001.xml"'])
  expect([faults(parse(text)), at(parse(text), 'LegalMonetaryTotal/PayableAmount')]).toEqual([[], ['119.00']])
  const note = (await api.call(`POST /v1/customers/cus_one/invoices/${id}/credit-notes`, { body: { reason: 'down', lines: [{ line: 1, amount: '40' }] } })).body
  const credited = parse((await xml(`credit-notes/${note.id}`)).text)
  expect([faults(credited), at(credited, 'LegalMonetaryTotal/PayableAmount'), at(credited, 'BillingReference/InvoiceDocumentReference/ID')]).toEqual([[], ['47.60'], ['INV-000001']])
  expect((await api.call(`GET /v1/customers/cus_one/credit-notes/${note.id}/html`)).text).toContain('CN-000001')
  const [own, other] = [await api.key(['customer'], 'cus_one' as never), await api.key(['customer'], 'cus_two' as never)]
  expect([(await xml(`invoices/${id}`, own)).status, (await xml(`invoices/${id}`, other)).status, (await xml(`credit-notes/${note.id}`, other)).status, (await xml('credit-notes/crn_none')).status]).toEqual([200, 404, 404, 404])
})
