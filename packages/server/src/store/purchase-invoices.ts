// Invoices of purchases of credits: one a purchase, never changed.

import type { Instant, InvoiceDocument } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type PurchaseInvoiceRow = { readonly customer: string; readonly payment: string; readonly series: string; readonly number: bigint; readonly document: InvoiceDocument; readonly createdAt: Instant }

export async function insertPurchaseInvoice(tx: Transaction, row: PurchaseInvoiceRow): Promise<void> {
  await tx`
    insert into purchase_invoice (customer_id, payment_id, series, number, document, created_at)
    values (${row.customer}, ${row.payment}, ${row.series}, ${String(row.number)}::bigint, ${tx.json(row.document as never)}, ${row.createdAt})`
}

export async function findPurchaseInvoice(sql: Sql | Transaction, of: { readonly customer: string; readonly payment: string }): Promise<InvoiceDocument | null> {
  const [row] = await sql<{ document: InvoiceDocument }[]>`select document from purchase_invoice where customer_id = ${of.customer} and payment_id = ${of.payment}`
  return row?.document ?? null
}

export async function insertPurchaseNote(tx: Transaction, row: PurchaseInvoiceRow & { readonly refund: string }): Promise<void> {
  await tx`
    insert into purchase_credit_note (customer_id, refund_id, payment_id, series, number, document, created_at)
    values (${row.customer}, ${row.refund}, ${row.payment}, ${row.series}, ${String(row.number)}::bigint, ${tx.json(row.document as never)}, ${row.createdAt})`
}

export async function findPurchaseNote(sql: Sql | Transaction, of: { readonly customer: string; readonly refund: string }): Promise<InvoiceDocument | null> {
  const [row] = await sql<{ document: InvoiceDocument }[]>`select document from purchase_credit_note where customer_id = ${of.customer} and refund_id = ${of.refund}`
  return row?.document ?? null
}
