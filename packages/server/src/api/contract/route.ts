// What a route of the contract is: one entry says everything that registration, validation, authorization, OpenAPI and the
// docs page need. Nothing about a route stands anywhere else.

import type { KeyScope } from '@tollgate/core'
import type * as z from 'zod'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type Fields = z.ZodObject

export const TAGS = {
  customers: 'Customers, their entities, plan and standing.',
  subscriptions: 'What is agreed, how it changes, and what was told of it; test clocks.',
  providers: 'Stripe, Chargebee and Recurly: messages in, what differs, links, pages.',
  money: 'Credits, balance, ledger and invoice.',
  books: 'The books of a month, journal entries, exports.',
  invoices: 'Invoices, credit notes, tax, and who gets them.',
  entitlements: 'What a customer may do, and within which budgets.',
  usage: 'Usage events in, usage and charges out.',
  decisions: 'Decide before a request runs, settle after it. Answered by the gateway from memory.',
  catalog: 'Plans, prices, limits and rate card as versioned data.',
  sessions: 'Sessions of people: the console and the portal.',
  access: 'API keys and upstreams.',
  insight: 'What happened and how it stands, across customers.',
  live: 'What happens, as it happens.',
  system: 'Health, metrics and the contract itself.',
} as const satisfies Readonly<Record<string, string>>
export type Tag = keyof typeof TAGS

export type Route = {
  readonly method: Method
  /** `{name}` stands for a parameter. `{customer}` binds a customer's key to its own. */
  readonly path: string
  readonly tag: Tag
  readonly summary: string
  /** What a reader must know beyond the summary; may be empty. */
  readonly description: string
  /** Scopes that may call it besides `admin`, which may call everything; `public` needs no key. */
  readonly access: 'public' | readonly KeyScope[]
  readonly params: Fields
  readonly query: Fields
  /** Null where no body is read. */
  readonly body: z.ZodType | null
  /** The one answer of success. */
  readonly status: 200 | 201
  /** Null for an answer that is no JSON. */
  readonly answer: z.ZodType | null
  /** Codes that this route may answer beside those of every route: problems.ts says what they mean. */
  readonly problems: readonly string[]
}

/** A route with the types of its parts kept. Writes accept an Idempotency-Key. */
export function route<const R extends Route>(entry: R): R {
  return entry
}

/** Whether a repeated call could do something twice. */
export function isWrite(entry: Route): boolean {
  return entry.method !== 'GET'
}

export function paramNames(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
}
