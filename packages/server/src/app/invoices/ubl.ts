// An invoice or credit note of EN 16931 as UBL 2.1. Elements stand in the order of UBL's schema; what is empty is left out, because the standard
// forbids empty elements.

import { eInvoiceOf, formatDecimal, minorDigits, assetScale, pow10, type EInvoice, type EInvoiceAllowance, type EInvoiceLine, type EInvoiceParty, type InvoiceDocument, type Units } from '@tollgate/core'
import { XMLBuilder } from 'fast-xml-parser'

const CUSTOMIZATION = 'urn:cen.eu:en16931:2017'
const NAMESPACE = 'urn:oasis:names:specification:ubl:schema:xsd'
/** UNTDID 1001. */
const TYPE_CODES = { invoice: '380', credit_note: '381' } as const
/** Of an e-mail address as an electronic address. */
const EMAIL_SCHEME = 'EM'

type Node = { readonly [name: string]: Value }
type Value = string | Node | readonly Node[] | undefined

/** @throws {InputError} `e_invoice_incomplete`, naming what is missing and where to set it. */
export function renderInvoiceUbl(document: InvoiceDocument): string {
  const invoice = eInvoiceOf(document)
  const root = invoice.kind === 'invoice' ? 'Invoice' : 'CreditNote'
  const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', textNodeName: '#', format: true, indentBy: '  ', suppressEmptyNode: false, processEntities: true })
  const tree = {
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    [root]: { '@xmlns': `${NAMESPACE}:${root}-2`, '@xmlns:cac': `${NAMESPACE}:CommonAggregateComponents-2`, '@xmlns:cbc': `${NAMESPACE}:CommonBasicComponents-2`, ...bodyOf(invoice) },
  }
  return builder.build(clean(tree))
}

function bodyOf(invoice: EInvoice): Node {
  const isInvoice = invoice.kind === 'invoice'
  return {
    'cbc:CustomizationID': CUSTOMIZATION, 'cbc:ID': invoice.number, 'cbc:IssueDate': invoice.issued, 'cbc:DueDate': invoice.due ?? undefined, [isInvoice ? 'cbc:InvoiceTypeCode' : 'cbc:CreditNoteTypeCode']: TYPE_CODES[invoice.kind], 'cbc:Note': invoice.note ?? undefined,
    'cbc:DocumentCurrencyCode': invoice.currency,
    'cac:InvoicePeriod': { 'cbc:StartDate': invoice.from, 'cbc:EndDate': invoice.to },
    'cac:BillingReference': invoice.corrects === null ? undefined : { 'cac:InvoiceDocumentReference': { 'cbc:ID': invoice.corrects } },
    'cac:AccountingSupplierParty': { 'cac:Party': partyOf(invoice.seller, true) },
    'cac:AccountingCustomerParty': { 'cac:Party': partyOf(invoice.buyer, false) },
    // What is to be paid says until when (BR-CO-25).
    'cac:PaymentTerms': invoice.due === null && invoice.totals.payable > 0n && isInvoice ? { 'cbc:Note': 'Due on receipt' } : undefined,
    'cac:AllowanceCharge': invoice.allowances.map((one) => allowanceOf(invoice, one)),
    'cac:TaxTotal': {
      'cbc:TaxAmount': amountOf(invoice, invoice.tax.amount),
      'cac:TaxSubtotal': { 'cbc:TaxableAmount': amountOf(invoice, invoice.tax.base), 'cbc:TaxAmount': amountOf(invoice, invoice.tax.amount), 'cac:TaxCategory': categoryOf(invoice, true) },
    },
    'cac:LegalMonetaryTotal': totalsOf(invoice),
    [isInvoice ? 'cac:InvoiceLine' : 'cac:CreditNoteLine']: invoice.lines.map((line) => lineOf(invoice, line)),
  }
}

function partyOf({ name, address, country, taxId, hasVatId, email }: EInvoiceParty, isSeller: boolean): Node {
  const [street, additional, ...further] = address
  return {
    'cbc:EndpointID': email === null ? undefined : { '@schemeID': EMAIL_SCHEME, '#': email },
    'cac:PartyName': { 'cbc:Name': name },
    'cac:PostalAddress': {
      'cbc:StreetName': street, 'cbc:AdditionalStreetName': additional, 'cac:AddressLine': further.length === 0 ? undefined : { 'cbc:Line': further.join(', ') }, 'cac:Country': { 'cbc:IdentificationCode': country },
    },
    // One that is no VAT id is the registration at the tax office; only a seller has one here.
    'cac:PartyTaxScheme': taxId === null || (!hasVatId && !isSeller) ? undefined : { 'cbc:CompanyID': taxId.replaceAll(' ', ''), 'cac:TaxScheme': { 'cbc:ID': hasVatId ? 'VAT' : 'TAX' } },
    'cac:PartyLegalEntity': { 'cbc:RegistrationName': name },
    'cac:Contact': email === null ? undefined : { 'cbc:ElectronicMail': email },
  }
}

function allowanceOf(invoice: EInvoice, { isCharge, reason, amount }: EInvoiceAllowance): Node {
  return { 'cbc:ChargeIndicator': String(isCharge), 'cbc:AllowanceChargeReason': reason, 'cbc:Amount': amountOf(invoice, amount), 'cac:TaxCategory': categoryOf(invoice, false) }
}

function categoryOf({ tax }: EInvoice, withReason: boolean): Node {
  return { 'cbc:ID': tax.category, 'cbc:Percent': tax.percent ?? undefined, 'cbc:TaxExemptionReasonCode': withReason ? (tax.reasonCode ?? undefined) : undefined, 'cbc:TaxExemptionReason': withReason ? (tax.reason ?? undefined) : undefined, 'cac:TaxScheme': { 'cbc:ID': 'VAT' } }
}

function totalsOf(invoice: EInvoice): Node {
  const { totals } = invoice
  const unlessNone = (amount: Units): Value => (amount === 0n ? undefined : amountOf(invoice, amount))
  return {
    'cbc:LineExtensionAmount': amountOf(invoice, totals.lines), 'cbc:TaxExclusiveAmount': amountOf(invoice, totals.withoutTax), 'cbc:TaxInclusiveAmount': amountOf(invoice, totals.withTax), 'cbc:AllowanceTotalAmount': unlessNone(totals.allowances), 'cbc:ChargeTotalAmount': unlessNone(totals.charges), 'cbc:PrepaidAmount': unlessNone(totals.paid),
    'cbc:PayableAmount': amountOf(invoice, totals.payable),
  }
}

function lineOf(invoice: EInvoice, line: EInvoiceLine): Node {
  return {
    'cbc:ID': line.id, [invoice.kind === 'invoice' ? 'cbc:InvoicedQuantity' : 'cbc:CreditedQuantity']: { '@unitCode': line.unitCode, '#': line.quantity }, 'cbc:LineExtensionAmount': amountOf(invoice, line.net),
    'cac:InvoicePeriod': { 'cbc:StartDate': line.from, 'cbc:EndDate': line.to },
    'cac:Item': { 'cbc:Description': line.description ?? undefined, 'cbc:Name': line.name, 'cac:ClassifiedTaxCategory': categoryOf(invoice, false) },
    'cac:Price': { 'cbc:PriceAmount': amountOf(invoice, line.price), 'cbc:BaseQuantity': { '@unitCode': line.unitCode, '#': line.baseQuantity } },
  }
}

function amountOf({ currency }: EInvoice, amount: Units): Node {
  const digits = minorDigits(currency)
  const text = formatDecimal(amount / pow10(assetScale(currency) - digits), digits)
  const [whole = '0', fraction = ''] = text.split('.')
  return { '@currencyID': currency, '#': digits === 0 ? whole : `${whole}.${fraction.padEnd(digits, '0')}` }
}

/** Without what is empty, and without characters that XML cannot hold. */
function clean(value: Value): Value {
  if (typeof value === 'string') return value.replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
  if (Array.isArray(value)) return value.map((one: Node) => clean(one) as Node)
  return Object.fromEntries(Object.entries(value as Node).flatMap(([name, inner]) => (inner === undefined || (Array.isArray(inner) && inner.length === 0) ? [] : [[name, clean(inner)]])))
}
