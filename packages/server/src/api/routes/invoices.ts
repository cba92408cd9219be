// Invoices, credit notes and what they are written from.

import { instant, parseUnits, units, formatUnits, type InvoiceDocument, type Party } from '@tollgate/core'
import { addItem, discardDraft, finalizeInvoice, getInvoice, invoiceNow, payInvoice, removeItem, voidInvoice, writeCreditNote, writeOffInvoice } from '../../app/invoices/actions.ts'
import { lineCharges, lineChargesBody } from '../../app/invoices/line-charges.ts'
import { runBilling } from '../../app/invoices/run.ts'
import { invoicesPage, notes } from '../../app/invoices/read.ts'
import { billingProfile, setBillingProfile } from '../../app/invoices/profiles.ts'
import { billingSettings, setBillingSettings, setTaxRate, taxRates, type BillingProfile, type BillingSettings } from '../../app/invoices/settings.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import type { invoiceRoutes } from '../contract/invoices.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'

type InvoiceRow = Awaited<ReturnType<typeof getInvoice>>
type NoteRow = Awaited<ReturnType<typeof notes>>[number]

/** A call answers within seconds; the caller shows progress and calls again. */
const STEPS_PER_CALL = 2_000

export const invoiceHandlers: Handlers<keyof typeof invoiceRoutes> = {
  getBillingSettings: async ({ plane }) => {
    const settings = await billingSettings(plane)
    return { settings: settings === null ? null : settingsBody(settings) }
  },
  putBillingSettings: async ({ plane, caller, body }) => {
    const settings = { seller: partyOf(body.seller), series: body.series, noteSeries: body.note_series, paymentDays: body.payment_days, latenessHours: body.lateness_hours, autoFinalize: body.auto_finalize, notes: body.notes }
    await setBillingSettings(plane, caller.actor, settings)
    return settingsBody(settings)
  },
  closeDue: async ({ plane }) => runBilling(plane, { stepsMax: STEPS_PER_CALL }),
  listTaxRates: async ({ plane }) => ({ data: await taxRates(plane), next_cursor: null }),
  putTaxRate: async ({ plane, caller, params, body }) => {
    await setTaxRate(plane, caller.actor, { id: params.rate, ...body })
    return (await taxRates(plane)).find(({ id }) => id === params.rate)!
  },
  getBillingProfile: async ({ plane, params }) => profileBody(await billingProfile(plane, params.customer)),
  putBillingProfile: async ({ plane, caller, params, body }) => {
    const profile: BillingProfile = { party: body.party === null ? null : partyOf(body.party), tax: body.tax, paymentDays: body.payment_days, progressiveAt: body.progressive_at }
    return profileBody(await setBillingProfile(plane, caller.actor, params.customer, profile))
  },
  listInvoices: async ({ plane, params, query }) => {
    const page = await invoicesPage(plane, { customer: params.customer, state: query.state ?? null, after: readCursor('invoices', query.cursor), limit: query.limit })
    return { data: page.rows.map(invoiceBody), next_cursor: writeCursor('invoices', page.next) }
  },
  listAllInvoices: async ({ plane, query }) => {
    const page = await invoicesPage(plane, { customer: null, state: query.state ?? null, after: readCursor('invoices', query.cursor), limit: query.limit })
    return { data: page.rows.map(invoiceBody), next_cursor: writeCursor('invoices', page.next) }
  },
  listLineCharges: async ({ plane, params, query }) => lineChargesBody(await lineCharges(plane, params, query.by ?? null)),
  getInvoice: async ({ plane, params }) => invoiceBody(await getInvoice(plane, keyOf(params))),
  createInvoice: async ({ plane, caller, params, body }) => invoiceBody(await invoiceNow(plane, caller.actor, params.customer, body.kind)),
  finalizeInvoice: async ({ plane, caller, params }) => invoiceBody(await finalizeInvoice(plane, caller.actor, keyOf(params))),
  discardInvoice: async ({ plane, caller, params }) => {
    await discardDraft(plane, caller.actor, keyOf(params))
    return { id: params.invoice, deleted: true }
  },
  payInvoice: async ({ plane, caller, params, body }) => invoiceBody(await payInvoice(plane, caller.actor, keyOf(params), body.reference ?? null)),
  voidInvoice: async ({ plane, caller, params, body }) => invoiceBody(await voidInvoice(plane, caller.actor, keyOf(params), body.reason)),
  writeOffInvoice: async ({ plane, caller, params, body }) => invoiceBody(await writeOffInvoice(plane, caller.actor, keyOf(params), body.reason)),
  createCreditNote: async ({ plane, caller, params, body, idText }) => noteBody(await writeCreditNote(plane, caller.actor, keyOf(params), { id: `crn_${idText()}`, reason: body.reason, lines: body.lines ?? null })),
  listCreditNotes: async ({ plane, params, query }) => ({ data: (await notes(plane, params.customer, query.invoice ?? null)).map(noteBody), next_cursor: null }),
  createInvoiceItem: async ({ plane, caller, params, body, idText }) => {
    const id = `ini_${idText()}`
    const period = body.from === undefined ? null : { start: body.from, end: body.to ?? instant(body.from + 1) }
    await addItem(plane, caller.actor, params.customer, { id, name: body.name, amount: body.amount, period })
    return { id, name: body.name, amount: body.amount }
  },
  deleteInvoiceItem: async ({ plane, caller, params }) => {
    await removeItem(plane, caller.actor, { customer: params.customer, id: params.item })
    return { id: params.item, deleted: true }
  },
}

function keyOf(params: { readonly customer: string; readonly invoice: string }) {
  return { customer: params.customer, id: params.invoice }
}

function invoiceBody(row: InvoiceRow) {
  const amount = (text: string) => parseUnits(text, row.currency)
  return {
    id: row.id,
    customer: row.customer,
    kind: row.kind,
    state: row.state,
    period: { start: timeOf(row.periodStart), end: timeOf(row.periodEnd) },
    amount_due: formatUnits(amount(row.amountDue), row.currency),
    credited: formatUnits(units(amount(row.creditedNet) + amount(row.creditedTax)), row.currency),
    currency: row.currency,
    created_at: timeOf(row.createdAt),
    finalized_at: timeOrNull(row.finalizedAt),
    due_at: timeOrNull(row.dueAt),
    ended_at: timeOrNull(row.endedAt),
    reference: row.reference,
    document: documentBody(row.document as InvoiceDocument),
  }
}

function noteBody(row: NoteRow) {
  const document = row.document as InvoiceDocument
  const amount = (text: string) => formatUnits(parseUnits(text, document.currency), document.currency)
  return { id: row.id, customer: row.customer, invoice: row.invoice, reason: row.reason, net: amount(row.net), tax: amount(row.tax), currency: document.currency, created_at: timeOf(row.createdAt), document: documentBody(document) }
}

/** The printed form on the wire. */
export function documentBody({ amountDue, taxInclusive, seller, buyer, lines, discounts, taxes, notes: printed, ...rest }: InvoiceDocument) {
  return {
    ...rest, seller: partyBody(seller), buyer: partyBody(buyer), lines: lines.map((line) => ({ ...line, kind: line.kind as 'usage' })), discounts: [...discounts], taxes: [...taxes], tax_inclusive: taxInclusive, amount_due: amountDue,
    notes: [...printed],
  }
}

function partyBody({ taxId, address, ...rest }: Party) {
  return { ...rest, address: [...address], tax_id: taxId }
}

function partyOf({ tax_id: taxId, ...rest }: { readonly name: string; readonly address: readonly string[]; readonly country: string | null; readonly tax_id: string | null; readonly email: string | null }): Party {
  return { ...rest, taxId }
}

function settingsBody(settings: BillingSettings) {
  return {
    seller: partyBody(settings.seller), series: settings.series, note_series: settings.noteSeries, payment_days: settings.paymentDays, lateness_hours: settings.latenessHours, auto_finalize: settings.autoFinalize,
    notes: [...settings.notes],
  }
}

function profileBody({ party, tax, paymentDays, progressiveAt }: BillingProfile) {
  return { party: party === null ? null : partyBody(party), tax: tax.kind === 'rates' ? { ...tax, rates: [...tax.rates] } : tax, payment_days: paymentDays, progressive_at: progressiveAt }
}
