// Who takes final invoices over: a port with an adapter for each in connect/, and one contract suite. Delivering is repeated until it is
// known to have worked, so it must make one invoice however often it is asked; listing shows what is there, for the reconciliation.

import type { HandedLine, Instant, Span, StateThere, Units } from '@tollgate/core'
import type { ProviderName } from '../../store/providers.ts'
import type { Account } from '../providers/connector.ts'

export const HANDOVER_TARGETS = ['stripe', 'chargebee', 'recurly', 'csv'] as const
export type HandoverTarget = (typeof HANDOVER_TARGETS)[number]

export type HandedInvoice = {
  readonly id: string
  readonly customer: string
  /** The customer at the receiver; null where it needs none. */
  readonly external: string | null
  readonly number: string
  readonly currency: string
  readonly amountDue: Units
  readonly issuedAt: Instant
  readonly dueAt: Instant | null
  readonly lines: readonly HandedLine[]
  /** It is paid from what the customer left there, instead of being sent. */
  readonly collects: boolean
}

export type Delivered = { readonly externalId: string; readonly total: Units }

/** An invoice as the receiver has it. `invoice` is the id of ours that it names; null for one that is not from us. */
export type FoundInvoice = { readonly externalId: string; readonly invoice: string | null; readonly number: string | null; readonly currency: string; readonly total: Units; readonly state: StateThere }

/** Where it stands there: `credited` is the sum of its credit notes, `notes` are those of ours by id. */
export type StandingThere = Omit<FoundInvoice, 'invoice' | 'number'> & { readonly credited: Units; readonly notes: readonly string[] }

/** An end that an invoice came to here. `amount` is what was still asked for. */
export type HandedEnd = { readonly end: 'paid' | 'void' | 'uncollectible'; readonly invoice: string; readonly number: string; readonly reference: string; readonly amount: Units; readonly currency: string; readonly at: Instant }

/** A credit note of ours. `amount` with its tax. */
export type HandedNote = { readonly id: string; readonly number: string; readonly invoice: string; readonly reason: string; readonly amount: Units; readonly currency: string; /** The invoice is paid there. */ readonly isPaid: boolean; readonly at: Instant }

/** What was begun before: the receiver's id as soon as there is one, so that a repetition goes on with it. */
export type Begun = { readonly externalId: string | null; readonly keep: (externalId: string) => Promise<void> }

export type InvoiceReceiver = {
  readonly target: HandoverTarget
  /** Whose customer and account it needs; null for neither. */
  readonly provider: ProviderName | null
  /** Lines that one invoice may have there. */
  readonly linesMax: number
  /** It has invoices that give back; else such a one is refused with what to do. */
  readonly takesBelowZero: boolean
  /** It can void; else what is void here is failed there. */
  readonly voids: boolean
  readonly deliver: (account: Account | null, invoice: HandedInvoice, begun: Begun) => Promise<Delivered>
  /** Null where it is not there any more. */
  readonly look: (account: Account | null, externalId: string) => Promise<StandingThere | null>
  /** Repeated until a look shows it. */
  readonly end: (account: Account | null, externalId: string, end: HandedEnd) => Promise<void>
  readonly credit: (account: Account | null, externalId: string, note: HandedNote) => Promise<void>
  /** Those that were made in a span, in any order. */
  readonly list: (account: Account | null, span: Span) => AsyncIterable<FoundInvoice>
}

/** By target; empty where none is wired. */
export type Receivers = ReadonlyMap<HandoverTarget, InvoiceReceiver>
