// An invoice as Chargebee shows it, in our words; amounts between our units and its smallest ones.

import { assetScale, minorDigits, pow10, units, type Units } from '@tollgate/core'
import type { FoundInvoice } from '../../app/handover/port.ts'
import { numberOf, text, type Json } from '../json.ts'
import { readReference } from '../make-once.ts'

export function shown(invoice: Json): FoundInvoice {
  const currency = text(invoice['currency_code']) ?? ''
  return {
    externalId: text(invoice['id']) ?? '', ...readReference(text(invoice['po_number'])), currency, total: units(fromMinor(numberOf(invoice['total']) ?? 0, currency)),
    state: (numberOf(invoice['write_off_amount']) ?? 0) > 0 ? 'uncollectible' : (STATES[text(invoice['status']) ?? ''] ?? 'open'),
  }
}

const STATES: Readonly<Record<string, FoundInvoice['state']>> = { paid: 'paid', voided: 'void', pending: 'draft' }

export function fromMinor(amount: number, currency: string): bigint {
  return BigInt(amount) * pow10(assetScale(currency) - minorDigits(currency))
}

export function minor(amount: Units, currency: string): bigint {
  return amount / pow10(assetScale(currency) - minorDigits(currency))
}
