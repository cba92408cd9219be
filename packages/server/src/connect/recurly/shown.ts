// An invoice as Recurly shows it, in our words.

import { parseDecimal, units, type Units } from '@tollgate/core'
import type { FoundInvoice } from '../../app/handover/port.ts'
import { text, type Json } from '../json.ts'
import { readReference } from '../make-once.ts'

export function shown(invoice: Json): FoundInvoice {
  const currency = text(invoice['currency']) ?? ''
  return { externalId: text(invoice['id']) ?? '', ...readReference(text(invoice['po_number'])), currency, total: amountOf(invoice['total'], currency), state: STATES[text(invoice['state']) ?? ''] ?? 'open' }
}

/** A number of JSON with at most the decimal places of its currency: its shortest text is what was sent. */
export function amountOf(value: unknown, currency: string): Units {
  return units(parseDecimal(typeof value === 'number' ? String(value) : (text(value) ?? '0'), 12, `total in ${currency}`))
}

const STATES: Readonly<Record<string, FoundInvoice['state']>> = { paid: 'paid', voided: 'void', closed: 'paid', failed: 'uncollectible' }
