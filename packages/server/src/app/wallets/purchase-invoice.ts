// The invoice of a purchase of credits. Paid credits are taxed when they are bought, so this is the document that the customer needs for
// it; what the credits pay later is on the invoices of usage, without tax. It asks for nothing: it is written when the money has come.

import { formatUnits, parseUnits, splitByWeight, units, ZERO, type InvoiceDocument, type Instant, type Units } from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { readSettings } from '../../store/billing.ts'
import { findCustomer } from '../../store/customers.ts'
import { takeNumbers } from '../../store/invoices.ts'
import { findPurchaseInvoice, findPurchaseNote, insertPurchaseInvoice, insertPurchaseNote } from '../../store/purchase-invoices.ts'
import type { PaymentRow } from '../../store/recharge.ts'
import type { ControlPlane } from '../control-plane.ts'
import { getCustomer } from '../customers.ts'
import { dayOf, numberText } from '../invoices/compose.ts'
import { profilesOf, type BillingProfile, type BillingSettings } from '../invoices/settings.ts'
import { Problem } from '../problems.ts'

/** Numbers of these invoices count by themselves, so that neither series has a gap. */
const SERIES_OF_PURCHASES = '-C'

/** Writes it in the transaction that grants the credits; null where nobody is set who issues it. Returns its number. */
export async function writePurchaseInvoice(tx: Transaction, payment: PaymentRow, now: Instant): Promise<string | null> {
  const settings = (await readSettings(tx)) as BillingSettings | null
  const customer = await findCustomer(tx, payment.customer)
  if (settings === null || customer === null) return null
  const profile = (await profilesOf(tx, [payment.customer]))(payment.customer)
  const series = `${settings.series}${SERIES_OF_PURCHASES}`
  const number = await takeNumbers(tx, series, 1)
  const document = documentOf(payment, { number: numberText(series, number), day: dayOf(now, customer.timeZone), settings, profile, name: customer.name })
  await insertPurchaseInvoice(tx, { customer: payment.customer, payment: payment.id, series, number, document, createdAt: now })
  return document.number
}

/** @throws {Problem} not_found. */
export async function purchaseInvoice(plane: ControlPlane, of: { readonly customer: string; readonly payment: string }): Promise<InvoiceDocument> {
  await getCustomer(plane, of.customer)
  const document = await findPurchaseInvoice(plane.sql, of)
  if (document === null) throw new Problem('not_found', `there is no invoice of payment ${of.payment}: one is written when its money comes, if somebody is set who issues it (PUT /v1/billing/settings)`, 'payment')
  return document
}

/** What a refund takes back of the invoice of its purchase, as a document with a number of its own; null where there was no invoice. Returns its number. */
export async function writePurchaseNote(tx: Transaction, of: { readonly payment: PaymentRow; readonly refund: string; readonly net: Units; readonly tax: Units; readonly credits: Units; readonly reason: string; readonly now: Instant }): Promise<string | null> {
  const { payment, refund, net, tax, credits, reason, now } = of
  const { customer, currency, asset } = payment
  const invoice = await findPurchaseInvoice(tx, { customer, payment: payment.id })
  const settings = (await readSettings(tx)) as BillingSettings | null
  const row = await findCustomer(tx, customer)
  if (invoice === null || settings === null || row === null) return null
  const series = `${settings.noteSeries}${SERIES_OF_PURCHASES}`
  const number = await takeNumbers(tx, series, 1)
  const money = (amount: Units) => formatUnits(amount, currency)
  const parts = invoice.taxes.map(({ amount }) => parseUnits(amount, currency))
  const shares = tax === ZERO || parts.length === 0 ? parts.map(() => ZERO) : splitByWeight(tax, parts)
  const gross = money(units(net + tax))
  const document: InvoiceDocument = {
    ...invoice, kind: 'credit_note', number: numberText(series, number), corrects: invoice.number, issued: dayOf(now, row.timeZone), due: null,
    lines: [{ ...invoice.lines[0]!, quantity: formatUnits(credits, asset), exact: money(net), amount: money(net) }],
    subtotal: money(net), taxable: money(net), taxes: invoice.taxes.flatMap((line, index) => (shares[index] === ZERO ? [] : [{ ...line, base: money(net), amount: money(shares[index]!) }])), total: gross, amountDue: gross, notes: [reason, ...payment.taxNotes, ...settings.notes],
  }
  await insertPurchaseNote(tx, { customer, refund, payment: payment.id, series, number, document, createdAt: now })
  return document.number
}

/** @throws {Problem} not_found. */
export async function purchaseNote(plane: ControlPlane, of: { readonly customer: string; readonly refund: string }): Promise<InvoiceDocument> {
  await getCustomer(plane, of.customer)
  const document = await findPurchaseNote(plane.sql, of)
  if (document === null) throw new Problem('not_found', `there is no credit note of refund ${of.refund}: one is written where the purchase had an invoice`, 'refund')
  return document
}

type Printing = { readonly number: string; readonly day: string; readonly settings: BillingSettings; readonly profile: BillingProfile; readonly name: string }

function documentOf(payment: PaymentRow, { number, day, settings, profile, name }: Printing): InvoiceDocument {
  const { asset, credits, bonus, currency, net, tax } = payment
  const money = (amount: Units) => formatUnits(amount, currency)
  const line = (index: number, what: string, quantity: Units, amount: Units) => ({ line: index, kind: 'item', price: asset, name: what, from: day, to: day, quantity: formatUnits(quantity, asset), unit: asset, included: '0', exact: money(amount), amount: money(amount) })
  const gross = money(units(net + tax))
  return {
    kind: 'invoice', number, corrects: null, issued: day, due: day, from: day, to: day, currency, seller: settings.seller,
    buyer: profile.party ?? { name, address: [], country: null, taxId: null, email: null },
    lines: [line(1, 'Credits', credits, net), ...(bonus > ZERO ? [line(2, 'Credits on top, free', bonus, ZERO)] : [])],
    subtotal: money(net), discounts: [], included: '0', promotional: '0', prepaid: '0', taxable: money(net),
    taxes: payment.taxes.map(({ name: called, percent, amount }) => ({ name: called, percent, base: money(net), amount: money(parseUnits(amount, currency)) })),
    taxInclusive: false, total: gross, amountDue: '0', rounding: '0',
    notes: [`Paid in full (${payment.providerId ?? payment.id}).`, ...payment.taxNotes, ...settings.notes],
  }
}
