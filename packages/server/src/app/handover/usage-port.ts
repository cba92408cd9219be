// Who takes usage over: a port with an adapter for each in connect/, and one contract suite. A record says what a customer used of a meter in a
// span. It may be given again with the same id after a lost answer; for how long that counts once is the receiver's, after it the receiver is asked.

import type { Instant, Span } from '@tollgate/core'
import type { HandedSpan } from '../../store/handed-usage.ts'
import type { ProviderName } from '../../store/providers.ts'
import type { Account } from '../providers/connector.ts'

export const USAGE_TARGETS = ['stripe', 'chargebee', 'recurly'] as const
export type UsageTarget = (typeof USAGE_TARGETS)[number]

export type UsageRecord = {
  /** Of this record alone: the same however often it is given. */
  readonly id: string
  /** Of the span: the same for all records of it. */
  readonly spanId: string
  readonly customer: string
  /** The customer or subscription at the receiver. */
  readonly external: string
  /** The receiver's name of the meter. */
  readonly name: string
  /** Decimal text: what is added to the span, or all of it, as the receiver takes it. */
  readonly quantity: string
  readonly at: Instant
  readonly span: Span
  /** What the receiver had of the span before. */
  readonly before: string
}

export type UsageReceiver = {
  readonly target: UsageTarget
  readonly provider: ProviderName
  /** Whom usage is recorded for there. */
  readonly of: 'customer' | 'subscription'
  /** Records add up, or the last one of a span replaces it. */
  readonly takes: 'differences' | 'totals'
  /** Decimal places that it keeps. */
  readonly scaleMax: number
  readonly spans: readonly HandedSpan[]
  /** How old usage may be; null for any age. */
  readonly ageMaxMs: number | null
  /** For how long an id that is given again counts once; beyond it {@link find} is asked. */
  readonly remembersMs: number
  /** Records of one call. */
  readonly batchMax: (inBatches: boolean) => number
  /** Returns when all of them are taken. @throws {ProviderError} when none of them is known to be. */
  readonly send: (account: Account, records: readonly UsageRecord[], options: { readonly inBatches: boolean }) => Promise<void>
  /** Whether a record of which no answer came is there. */
  readonly find: (account: Account, record: UsageRecord) => Promise<'there' | 'absent' | 'unclear'>
  /** What it has of each in a span, as decimal text, in the order asked. */
  readonly totals: (account: Account, asked: readonly { readonly external: string; readonly name: string }[], span: Span) => AsyncIterable<string>
}

/** By target; empty where none is wired. */
export type UsageReceivers = ReadonlyMap<UsageTarget, UsageReceiver>
