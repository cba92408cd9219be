// Who takes final invoices and usage over, by name.

import type { Receivers } from '../app/handover/port.ts'
import type { UsageReceivers } from '../app/handover/usage-port.ts'
import { chargebeeInvoices } from './chargebee/invoices.ts'
import { chargebeeUsage } from './chargebee/usage.ts'
import { csvInvoices } from './csv/invoices.ts'
import { recurlyInvoices } from './recurly/invoices.ts'
import { recurlyUsage } from './recurly/usage.ts'
import { stripeInvoices } from './stripe/invoices.ts'
import { stripeUsage } from './stripe/usage.ts'

/** `csvFolder`: where files for systems without an adapter are written. */
export function receiversOf(csvFolder: string): Receivers {
  return new Map([stripeInvoices, chargebeeInvoices, recurlyInvoices, csvInvoices(csvFolder)].map((receiver) => [receiver.target, receiver]))
}

export const USAGE_RECEIVERS: UsageReceivers = new Map([stripeUsage, chargebeeUsage, recurlyUsage].map((receiver) => [receiver.target, receiver]))
