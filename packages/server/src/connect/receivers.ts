// Who takes final invoices over, by name.

import type { Receivers } from '../app/handover/port.ts'
import { chargebeeInvoices } from './chargebee/invoices.ts'
import { csvInvoices } from './csv/invoices.ts'
import { recurlyInvoices } from './recurly/invoices.ts'
import { stripeInvoices } from './stripe/invoices.ts'

/** `csvFolder`: where files for systems without an adapter are written. */
export function receiversOf(csvFolder: string): Receivers {
  return new Map([stripeInvoices, chargebeeInvoices, recurlyInvoices, csvInvoices(csvFolder)].map((receiver) => [receiver.target, receiver]))
}
