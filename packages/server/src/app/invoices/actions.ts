// What is done with single invoices: give a draft its number, take a payment, void, write off, credit, write one by hand, bill in the middle of a
// period. Each is one transaction under the customer's lock, and repeating it changes nothing.

import {
  assert, creditNote, creditNoteTransfers, formatUnits, InputError, instant, makeId, parseUnits, paymentTransfers, roundToMinor, stepInvoice, units, writeOffTransfers, ZERO,
  type InvoiceAction, type InvoiceDocument, type Span, type Transfer, type Units,
} from '@tollgate/core'
import { withRetry, type Transaction } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { findCustomer, lockCustomers } from '../../store/customers.ts'
import { creditableLines, deleteDraft, deleteItem, findInvoice, insertItems, insertNote, releaseItems, setInvoiceState, takeNumbers, type InvoiceRow, type NoteRow } from '../../store/invoices.ts'
import { insertTransfers, listCauseTransfers } from '../../store/ledger.ts'
import { lookAtInvoice } from '../../store/handovers.ts'
import { insertOutbox } from '../../store/settlement.ts'
import type { Actor } from '../actor.ts'
import { releaseDeferred } from '../books/recognise.ts'
import type { ControlPlane } from '../control-plane.ts'
import { nowOf } from '../customer-time.ts'
import { contextOf, getCustomer } from '../customers.ts'
import { Problem } from '../problems.ts'
import { compose, dayOf, numberText, type PeriodFacts } from './compose.ts'
import { issue, messageOf } from './issue.ts'
import { billingIn } from './run.ts'
import { billingSettings } from './settings.ts'

type Key = { readonly customer: string; readonly id: string }

export async function getInvoice(plane: ControlPlane, key: Key): Promise<InvoiceRow> {
  await getCustomer(plane, key.customer)
  return known(await findInvoice(plane.sql, key), key)
}

/** Gives a draft its number. What happened since it was drafted is in it: a draft is written anew. */
export async function finalizeInvoice(plane: ControlPlane, actor: Actor, key: Key): Promise<InvoiceRow> {
  if ((await billingSettings(plane)) === null) throw new Problem('billing_not_set_up', 'an invoice needs somebody who issues it: PUT /v1/billing/settings first', 'seller')
  const id = await withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [key.customer])
    const draft = known(await findInvoice(tx, key), key)
    if (draft.state !== 'draft') return draft.id
    await deleteDraft(tx, key)
    const period: Span = { start: draft.periodStart, end: draft.periodEnd }
    const [issued] = await compileAndIssue(tx, plane, { customer: key.customer, kind: draft.kind, period, finalize: true })
    if (issued === undefined) throw new Problem('nothing_to_invoice', 'nothing is left to ask for: what the draft asked for was invoiced or corrected meanwhile', 'invoice')
    await insertAudit(tx, { actor: actor.id, action: 'invoice.finalized', customer: key.customer, target: issued.id, before: { draft: draft.id }, after: { number: issued.number } })
    return issued.id
  })
  return getInvoice(plane, { customer: key.customer, id })
}

async function compileAndIssue(tx: Transaction, plane: ControlPlane, of: { readonly customer: string; readonly kind: InvoiceRow['kind']; readonly period: Span; readonly finalize: boolean }) {
  const billing = await billingIn(tx, plane, of.customer, of.period)
  const now = nowOf(plane, billing.context.facts)
  const kind = of.kind === 'manual' ? 'period' : of.kind
  const composed = compose({
    context: billing.context, now, kind, tax: billing.tax, items: billing.items, earlier: kind === 'period' ? billing.earlier() : [],
    current: of.kind === 'manual' ? withoutPeriod(billing.current) : billing.current,
  })
  if (composed.closed.lines.length === 0) return []
  return issue(tx, [{ context: billing.context, now, kind: of.kind, period: of.period, composed, profile: billing.profile, tax: billing.tax }], { settings: billing.settings, randomText: plane.randomText, finalize: of.finalize })
}

/** An invoice by hand asks for its items only: not for usage, and not for what the close of the period adds by contract or coupon. */
function withoutPeriod({ period, input: { creditValue }, shown }: PeriodFacts): PeriodFacts {
  return { period, input: { period, prices: [], agreed: [], accumulated: [], paid: [], creditValue }, recurring: [], invoiced: [], credits: [], shown }
}

/** A draft that is not wanted; its items wait for the next invoice again. */
export async function discardDraft(plane: ControlPlane, actor: Actor, key: Key): Promise<void> {
  await withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [key.customer])
    const row = known(await findInvoice(tx, key), key)
    refuseUnless(row, 'discard')
    await deleteDraft(tx, key)
    await insertAudit(tx, { actor: actor.id, action: 'invoice.discarded', customer: key.customer, target: key.id, before: { amount_due: row.amountDue }, after: null })
  })
}

/** Money came, by whatever way. `reference` names the payment. */
export function payInvoice(plane: ControlPlane, actor: Actor, key: Key, reference: string | null): Promise<InvoiceRow> {
  return endInvoice(plane, actor, { key, action: 'pay', reference }, async (_, row) => paymentTransfers(row.currency, owed(row)))
}

/** It should not have been written: its transfers are undone, its items wait again, and the usage that it asked for is due again. */
export function voidInvoice(plane: ControlPlane, actor: Actor, key: Key, reason: string): Promise<InvoiceRow> {
  return endInvoice(plane, actor, { key, action: 'void', reference: reason }, async (tx, row) => {
    if (parseUnits(row.creditedNet, row.currency) !== ZERO) throw new Problem('invoice_credited', 'part of the invoice was credited already: credit the rest', 'invoice')
    await releaseItems(tx, key)
    const own = await listCauseTransfers(tx, { customer: row.customer, causeId: row.id })
    return own.map(({ debit, credit, asset, amount }): Transfer => ({ debit: credit as Transfer['debit'], credit: debit as Transfer['credit'], asset, amount: parseUnits(amount, asset) }))
  })
}

/** Nobody expects the money any more. It may still come: then the invoice is paid. */
export function writeOffInvoice(plane: ControlPlane, actor: Actor, key: Key, reason: string): Promise<InvoiceRow> {
  return endInvoice(plane, actor, { key, action: 'write_off', reference: reason }, async (_, row) => writeOffTransfers(row.currency, owed(row)))
}

type Ending = { readonly key: Key; readonly action: 'pay' | 'void' | 'write_off'; readonly reference: string | null }

async function endInvoice(plane: ControlPlane, actor: Actor, ending: Ending, transfersOf: (tx: Transaction, row: InvoiceRow) => Promise<Transfer[]>): Promise<InvoiceRow> {
  const { key, action } = ending
  await withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [key.customer])
    const row = known(await findInvoice(tx, key), key)
    const next = refuseUnless(row, action)
    if (next === null) return
    const wrote = row.state === 'uncollectible' && action === 'pay' ? writeOffTransfers(row.currency, owed(row)).map(({ debit, credit, ...rest }): Transfer => ({ debit: credit, credit: debit, ...rest })) : []
    const transfers = [...wrote, ...(await transfersOf(tx, row))]
    await insertTransfers(tx, transfers.map((transfer) => ({ ...transfer, customer: key.customer, id: makeId('transfer', plane.randomText()), cause: action === 'pay' ? 'payment' : `invoice_${action}`, causeId: key.id, batch: null, periodStart: row.periodStart })))
    await setInvoiceState(tx, { ...key, state: next, at: plane.clock.now(), reference: ending.reference })
    await insertAudit(tx, { actor: actor.id, action: `invoice.${next}`, customer: key.customer, target: key.id, before: { state: row.state }, after: { state: next, reference: ending.reference } })
    await insertOutbox(tx, [messageOf(row, `invoice.${next}`)])
    await lookAtInvoice(tx, { customer: key.customer, invoice: key.id })
  })
  return getInvoice(plane, key)
}

/** Null when it is there already. */
function refuseUnless(row: InvoiceRow, action: InvoiceAction): InvoiceRow['state'] | null {
  const step = stepInvoice(row.state, action)
  if (step.kind === 'refused') throw new Problem('invoice_state', step.reason, 'invoice')
  return step.kind === 'already' ? null : step.state
}

/** What is asked for after credit notes. */
function owed(row: InvoiceRow): Units {
  const amount = (text: string) => parseUnits(text, row.currency)
  return units(amount(row.amountDue) - amount(row.creditedNet) - amount(row.creditedTax))
}

export type CreditNoteRequest = { readonly id: string; readonly reason: string; /** Null: all that is left of every line. */ readonly lines: readonly { readonly line: number; readonly amount: string }[] | null }

/** Takes back part of an invoice or all of it, with its tax, as a document of its own. */
export async function writeCreditNote(plane: ControlPlane, actor: Actor, key: Key, request: CreditNoteRequest): Promise<NoteRow> {
  const settings = await billingSettings(plane)
  if (settings === null) throw new Problem('billing_not_set_up', 'a credit note needs somebody who issues it: PUT /v1/billing/settings first', 'seller')
  return withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [key.customer])
    const row = known(await findInvoice(tx, key), key)
    if (row.state === 'draft' || row.state === 'void') throw new Problem('invoice_state', `an invoice that is ${row.state} cannot be credited`, 'invoice')
    const { currency } = row
    const amount = (text: string) => parseUnits(text, currency)
    const lines = (await creditableLines(tx, key)).map((line) => ({ line: line.line, amount: amount(line.amount), credited: amount(line.credited) }))
    const take = request.lines === null ? lines.flatMap((line) => (line.amount > line.credited ? [{ line: line.line, amount: units(line.amount - line.credited) }] : [])) : request.lines.map((line) => ({ line: line.line, amount: amount(line.amount) }))
    const note = creditNote({ currency, lines, net: amount(row.net), tax: amount(row.tax), creditedNet: amount(row.creditedNet), take })
    const now = plane.clock.now()
    const number = await takeNumbers(tx, settings.noteSeries, 1)
    const { timeZone } = (await findCustomer(tx, key.customer))!
    const text = (value: Units) => formatUnits(value, currency)
    const invoice = row.document as InvoiceDocument
    const document: InvoiceDocument = {
      ...invoice, kind: 'credit_note', number: numberText(settings.noteSeries, number), corrects: invoice.number, issued: dayOf(now, timeZone), due: null,
      lines: take.map((taken) => ({ ...invoice.lines.find((line) => line.line === taken.line)!, exact: text(taken.amount), amount: text(taken.amount) })),
      subtotal: text(note.net), discounts: [], included: '0', promotional: '0', prepaid: '0', taxable: text(note.net), taxes: note.tax === ZERO ? [] : sharedTaxes(invoice, note, currency),
      total: text(note.total), amountDue: text(note.total), rounding: '0', notes: [request.reason, ...invoice.notes],
    }
    const noteRow: NoteRow = { customer: key.customer, id: request.id, invoice: key.id, series: settings.noteSeries, number, reason: request.reason, document, net: text(note.net), tax: text(note.tax), createdAt: now }
    await insertNote(tx, noteRow, take.map(({ line, amount: taken }) => ({ line, amount: text(taken) })))
    await insertTransfers(tx, creditNoteTransfers(currency, note).map((transfer) => ({ ...transfer, customer: key.customer, id: makeId('transfer', plane.randomText()), cause: 'credit_note', causeId: request.id, batch: null, periodStart: row.periodStart })))
    await releaseDeferred(tx, plane, { customer: key.customer, invoice: key.id, id: request.id, periodStart: row.periodStart, lines: take.map(({ line, amount: taken }) => ({ line, taken, creditable: creditableOf(lines, line) })) })
    await insertAudit(tx, { actor: actor.id, action: 'credit_note.written', customer: key.customer, target: request.id, before: null, after: { invoice: key.id, net: text(note.net), tax: text(note.tax), reason: request.reason } })
    await insertOutbox(tx, [{ customer: key.customer, type: 'credit_note.written', payload: { credit_note: request.id, number: document.number, invoice: key.id, total: document.total, currency } }])
    await lookAtInvoice(tx, { customer: key.customer, invoice: key.id })
    return noteRow
  })
}

function creditableOf(lines: readonly { readonly line: number; readonly amount: Units; readonly credited: Units }[], number: number): Units {
  const line = lines.find((candidate) => candidate.line === number)
  assert(line !== undefined, 'a note takes lines that its invoice has')
  return units(line.amount - line.credited)
}

/** The note's tax by rate, in the shares of the invoice; the last rate gets what rounding left. */
function sharedTaxes(invoice: InvoiceDocument, note: { readonly net: Units; readonly tax: Units }, currency: string): InvoiceDocument['taxes'] {
  const amounts = invoice.taxes.map(({ amount }) => parseUnits(amount, currency))
  const whole = amounts.reduce((sum, amount) => sum + amount, 0n)
  assert(whole !== 0n, 'a note has tax where its invoice had none')
  let left: bigint = note.tax
  return invoice.taxes.map((tax, index) => {
    const share = index === amounts.length - 1 ? units(left) : roundToMinor(units((note.tax * amounts[index]!) / whole), currency)
    left -= share
    return { ...tax, base: formatUnits(note.net, currency), amount: formatUnits(share, currency) }
  })
}

export type NewItem = { readonly id: string; readonly name: string; readonly amount: string; readonly period: Span | null }

/** Something that the next invoice asks for, or gives back where it is below zero. */
export async function addItem(plane: ControlPlane, actor: Actor, customer: string, item: NewItem): Promise<void> {
  const now = plane.clock.now()
  const { currency } = (await contextOf(plane, customer)).plan
  await withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [customer])
    const amount = parseUnits(item.amount, currency)
    if (amount === ZERO) throw new InputError({ code: 'out_of_range', field: 'amount', message: 'amount must not be zero' })
    const period = item.period ?? { start: now, end: instant(now + 1) }
    await insertItems(tx, [{ customer, id: item.id, kind: 'item', name: item.name, amount: formatUnits(amount, currency), currency, periodStart: period.start, periodEnd: period.end }])
    await insertAudit(tx, { actor: actor.id, action: 'invoice_item.added', customer, target: item.id, before: null, after: { name: item.name, amount: item.amount } })
  })
}

export async function removeItem(plane: ControlPlane, actor: Actor, key: Key): Promise<void> {
  await withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [key.customer])
    if (!(await deleteItem(tx, key))) throw new Problem('not_found', `no item ${key.id} waits for an invoice`, 'item')
    await insertAudit(tx, { actor: actor.id, action: 'invoice_item.removed', customer: key.customer, target: key.id, before: null, after: null })
  })
}

/** An invoice now: over what waits (`manual`), or over the usage of the running period so far (`progressive`). */
export async function invoiceNow(plane: ControlPlane, actor: Actor, customer: string, kind: 'manual' | 'progressive'): Promise<InvoiceRow> {
  await getCustomer(plane, customer)
  const id = await withRetry(plane.sql, async (tx) => {
    const { period } = (await contextOf(plane, customer)).snapshot
    const [issued] = await compileAndIssue(tx, plane, { customer, kind, period, finalize: true })
    if (issued === undefined) throw new Problem('nothing_to_invoice', kind === 'manual' ? 'no item waits for an invoice: POST …/invoice-items first' : 'the usage of this period is invoiced already, or there is none', 'kind')
    await insertAudit(tx, { actor: actor.id, action: 'invoice.written', customer, target: issued.id, before: null, after: { kind, number: issued.number } })
    return issued.id
  })
  return getInvoice(plane, { customer, id })
}

function known(row: InvoiceRow | null, key: Key): InvoiceRow {
  if (row === null) throw new Problem('not_found', `customer ${key.customer} has no invoice ${key.id}`, 'invoice')
  return row
}
