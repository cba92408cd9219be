// What a billing provider is to us: a port with an adapter for each in connect/. Reading a message is pure and says what it means in
// our words; asking the provider happens in jobs and where an operator wants a page of the provider, never on a request's way.

import { PROVIDER_PAUSE_MS_MAX, type Catalog, type FactBody, type Instant } from '@tollgate/core'
import type { Link, ProviderName } from '../../store/providers.ts'

export type { Link }

export type Headers = Readonly<Record<string, string | string[] | undefined>>

/** How we reach a provider, opened; never logged. */
export type Account = {
  readonly provider: ProviderName
  /** The newest first. */
  readonly webhookSecrets: readonly string[]
  readonly apiKey: string | null
  readonly settings: {
    /** Where its API is, for a proxy or a test. */
    readonly apiUrl?: string | undefined
    /** Chargebee: user of the basic auth of webhooks. */
    readonly webhookUser?: string | undefined
    /** Addresses that webhooks may come from; empty for any. */
    readonly addresses?: readonly string[] | undefined
  }
}

export type Envelope = { readonly id: string; readonly kind: string; readonly at: Instant }

/** A fact in the words of the fold, before it has a customer. */
export type FactDraft = {
  /** The provider's id of the agreement; `all` for every one of the customer, `provider` for every one that this provider bills. */
  readonly subscription: { readonly id: string } | 'all' | 'provider'
  readonly at: Instant
  readonly reason: string
  readonly body: FactBody
}

/** Whose a message is: an id of ours that its maker wrote into it, and records of the provider that may be linked. */
export type Owner = { readonly tollgateId: string | null; readonly links: readonly Link[] }

export type Reading =
  | { readonly kind: 'facts'; readonly owner: Owner; readonly facts: readonly FactDraft[]; /** What the message says belongs to the same customer. */ readonly links: readonly Link[]; readonly note: string | null; /** What it says of purchases of credits. */ readonly payments?: readonly PaymentReport[] }
  | { readonly kind: 'fetch'; readonly owner: Owner; readonly subscription: string; readonly links: readonly Link[] }
  | { readonly kind: 'ignored'; readonly reason: string }
  /** It cannot be mapped: it waits in the inbox until somebody says what it means. */
  | { readonly kind: 'stopped'; readonly code: string; readonly reason: string }

/** A subscription as the provider's API shows it. */
export type Shown = { readonly id: string; readonly owner: Owner; readonly links: readonly Link[]; readonly draft: FactDraft } | { readonly id: string; readonly stopped: string }

export type Connector = {
  readonly provider: ProviderName
  /** Null when the message is genuine, else why not. On the raw bytes. */
  readonly verify: (account: Account, message: { readonly body: string; readonly headers: Headers; readonly address: string; readonly now: Instant }) => string | null
  /** What identifies a message, without understanding it. @throws {InputError} when it has no identity. */
  readonly envelope: (body: string, headers: Headers) => Envelope
  readonly read: (body: string, catalog: Catalog) => Reading
  /** Reads one subscription from the provider; null when it has none of this id. */
  readonly fetch: (account: Account, subscription: string, context: { readonly catalog: Catalog; readonly now: Instant }) => Promise<Shown | null>
  /** All subscriptions of the account, a page at a time. */
  readonly list: (account: Account, context: { readonly catalog: Catalog; readonly now: Instant }) => AsyncIterable<Shown>
  /** Pages of the provider for one customer; left out where it has none. */
  readonly pages?: ProviderPages
  /** Takes money for credits; left out where it does not. */
  readonly payments?: ProviderPayments
}

/** `amount` in units of the currency, tax included; `payment` is ours, and the key by which a repetition is known. */
export type PaymentAsk = { readonly payment: string; readonly customer: string; readonly amount: bigint; readonly currency: string; readonly description: string }
export type PaymentFound = { readonly kind: 'succeeded'; readonly providerId: string } | { readonly kind: 'processing'; readonly providerId: string } | { readonly kind: 'failed'; readonly providerId: string | null; readonly reason: string }

export type ProviderPayments = {
  /** What to charge while the customer is away; null where there is nothing. */
  readonly source: (account: Account, external: string) => Promise<string | null>
  readonly charge: (account: Account, ask: PaymentAsk & { readonly external: string; readonly source: string }) => Promise<PaymentFound>
  readonly look: (account: Account, providerId: string) => Promise<PaymentFound>
  /** A page on which the customer pays, and keeps its card for later where it wants to. */
  readonly page: (account: Account, ask: PaymentAsk & { readonly external: string | null; readonly lines: readonly { readonly name: string; readonly amount: bigint }[]; readonly keepsCard: boolean; readonly successUrl: string; readonly cancelUrl: string }) => Promise<{ readonly id: string; readonly url: string }>
  readonly refund: (account: Account, ask: { readonly refund: string; readonly providerId: string; readonly amount: bigint; readonly currency: string; readonly reason: string }) => Promise<{ readonly id: string }>
}

/** What a message says of one of our payments. `amount` in units of the currency. */
export type PaymentReport = { readonly payment: string; readonly providerId: string; readonly outcome: { readonly kind: 'succeeded'; readonly amount: bigint; readonly currency: string } | { readonly kind: 'failed'; readonly reason: string } | { /** All that was given back by now. */ readonly kind: 'refunded'; readonly amount: bigint; readonly currency: string } }

export type ProviderPages = {
  readonly checkout: (account: Account, input: { readonly customer: string; readonly external: string | null; readonly names: readonly { readonly name: string; readonly quantity: number }[]; readonly trialDays: number | null; readonly successUrl: string; readonly cancelUrl: string }) => Promise<{ readonly id: string; readonly url: string }>
  readonly portal: (account: Account, input: { readonly external: string; readonly returnUrl: string }) => Promise<{ readonly id: string; readonly url: string }>
}

/** An answer of the provider that is no success: told to the operator as it came. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
  readonly code = 'provider_failed'
  readonly retryable: boolean
  /** How long the provider wants not to be asked; null where it did not say. */
  readonly pauseMs: number | null

  constructor(message: string, retryable: boolean, pauseMs: number | null = null) {
    super(message)
    this.retryable = retryable
    this.pauseMs = pauseMs
  }
}

/** What a header `retry-after` asks for: seconds, or a time. */
export function pauseOf(header: unknown, now: number): number | null {
  if (typeof header !== 'string' || header === '') return null
  const ms = /^\d+(\.\d+)?$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now
  return Number.isNaN(ms) ? null : Math.min(PROVIDER_PAUSE_MS_MAX, Math.max(0, Math.ceil(ms)))
}

/** By name; empty where none is wired. */
export type Connectors = ReadonlyMap<ProviderName, Connector>
