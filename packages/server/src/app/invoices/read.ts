// Invoices and credit notes, to read and to print.

import { instant, InputError, type InvoiceDocument, type Party } from '@tollgate/core'
import { findNote, listInvoices, listNotes, type InvoiceRow, type NoteRow } from '../../store/invoices.ts'
import type { ControlPlane } from '../control-plane.ts'
import { getCustomer } from '../customers.ts'
import { pageOf, type Page } from '../listings.ts'
import { Problem } from '../problems.ts'
import { getInvoice } from './actions.ts'
import { renderInvoiceHtml } from './html.ts'
import { missingCharacters, renderInvoicePdf } from './pdf.ts'
import { billingProfile } from './profiles.ts'
import { billingSettings } from './settings.ts'
import { renderInvoiceUbl } from './ubl.ts'

export async function invoicesPage(plane: ControlPlane, input: { readonly customer: string | null; readonly state: string | null; readonly after: string | null; readonly limit: number }): Promise<Page<InvoiceRow>> {
  if (input.customer !== null) await getCustomer(plane, input.customer)
  const rows = await listInvoices(plane.sql, { ...input, before: positionOf(input.after), limit: input.limit + 1 })
  return pageOf(rows, input.limit, ({ createdAt, id }) => `${createdAt}/${id}`)
}

function positionOf(text: string | null) {
  if (text === null) return null
  const match = /^(\d{1,15})\/(inv_[A-Za-z0-9_-]+)$/.exec(text)
  if (match === null) throw new InputError({ code: 'invalid_cursor', field: 'cursor', message: 'cursor must be the next_cursor of an earlier page of this list' })
  return { at: instant(Number(match[1])), id: match[2]! }
}

export async function notes(plane: ControlPlane, customer: string, invoice: string | null): Promise<NoteRow[]> {
  await getCustomer(plane, customer)
  return listNotes(plane.sql, customer, invoice)
}

export type Printed = { readonly type: string; readonly name: string; readonly body: Buffer | string }

/** The printed form; what the font cannot show is logged with how to mend it. */
export async function printInvoice(plane: ControlPlane, key: { readonly customer: string; readonly id: string }, form: PrintedForm, font: string | null): Promise<Printed> {
  return printDocument(plane, { document: (await getInvoice(plane, key)).document as InvoiceDocument, ...key }, form, font)
}

/** @throws {Problem} not_found. */
export async function printNote(plane: ControlPlane, key: { readonly customer: string; readonly id: string }, form: PrintedForm, font: string | null): Promise<Printed> {
  await getCustomer(plane, key.customer)
  const note = await findNote(plane.sql, key)
  if (note === null) throw new Problem('not_found', `customer ${key.customer} has no credit note ${key.id}`, 'note')
  return printDocument(plane, { document: note.document as InvoiceDocument, ...key }, form, font)
}

export type PrintedForm = 'pdf' | 'html' | 'xml'

export async function printDocument(plane: ControlPlane, { document, customer, id }: { readonly document: InvoiceDocument; readonly customer: string; readonly id: string }, form: PrintedForm, font: string | null): Promise<Printed> {
  const name = `${document.number ?? `draft-${id}`}.${form}`
  if (form === 'xml') return { type: 'application/xml; charset=utf-8', name, body: renderInvoiceUbl(await withParties(plane, document, customer)) }
  if (form === 'html') return { type: 'text/html; charset=utf-8', name, body: renderInvoiceHtml(document) }
  const missing = await missingCharacters(document, { font })
  if (missing.length > 0) plane.log.warn({ invoice: id, characters: missing.join('') }, 'the font of invoices lacks these characters: set TOLLGATE_INVOICE_FONT to a TrueType or OpenType file that has them')
  return { type: 'application/pdf', name, body: await renderInvoicePdf(document, { font }) }
}

/** What an e-invoice must say of the two parties and this one does not, as it is set now: the document itself stays as it is. */
async function withParties(plane: ControlPlane, document: InvoiceDocument, customer: string): Promise<InvoiceDocument> {
  const [settings, profile] = [await billingSettings(plane), await billingProfile(plane, customer)]
  return { ...document, seller: completed(document.seller, settings?.seller ?? null), buyer: completed(document.buyer, profile.party) }
}

function completed(party: Party, now: Party | null): Party {
  if (now === null) return party
  return { name: party.name === '' ? now.name : party.name, address: party.address.length === 0 ? now.address : party.address, country: party.country ?? now.country, taxId: party.taxId ?? now.taxId, email: party.email ?? now.email }
}
