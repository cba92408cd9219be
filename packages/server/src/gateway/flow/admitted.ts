// A request that was admitted: what its end needs to settle it, and what the decision says in the headers of the answer.

import { formatUnits, type KeyRecord } from '@tollgate/core'
import type { Authorization, Degrade, Known, RateStanding } from '../../hot/contract.ts'
import type { CachePlace } from '../cache/place.ts'
import type { Surface, SurfaceRequest } from '../surface.ts'
import type { ResolvedModel } from '../upstreams.ts'
import type { Attribution } from './attribution.ts'
import type { UsageBound } from '../usage-bound.ts'

export type Admitted = {
  readonly surface: Surface
  readonly request: SurfaceRequest
  readonly key: KeyRecord
  readonly known: Known
  readonly model: ResolvedModel
  readonly bound: UsageBound
  readonly attribution: Attribution
  readonly dimensions: Readonly<Record<string, string>>
  readonly authorization: Extract<Authorization, { kind: 'allowed' }>
  /** Where its answer is kept; nowhere unless there. */
  readonly place?: CachePlace
  /** Attempts that failed before this one; none unless there. */
  readonly earlier?: readonly Earlier[]
}

/** An attempt that came to nothing: `what` is a status, or how it failed. */
export type Earlier = { readonly upstream: string; readonly key: string | null; readonly what: string; readonly attempts: number }

/** The decision as headers, known before the answer: on streams nothing more can be told in the head. */
export function decisionHeaders(authorization: Extract<Authorization, { kind: 'allowed' }>, known: Known): string[] {
  const { reservation, estimate, currency, balance } = authorization
  const headers = ['x-tollgate-decision', `allow; reservation=${reservation}`, 'x-tollgate-estimate', formatUnits(estimate, currency), 'x-tollgate-currency', currency]
  if (balance !== null) headers.push('x-tollgate-balance', formatUnits(balance, currency))
  return headers.concat(noticeHeaders(authorization, known))
}

const NO_HEADERS: readonly string[] = []
/** Warnings that one header tells; a request rarely has more than one. */
const WARNINGS_TOLD_MAX = 5

/** What of the decision is not usual: what the request was changed to, what did not hold, what the tenant should know, how its rates stand. */
export function noticeHeaders({ degrade, warnings, rates }: Extract<Authorization, { kind: 'allowed' }>, { snapshot }: Known): readonly string[] {
  // What the tenant should know while it still works: that a payment failed, and until when all goes on.
  const notice = snapshot.notice?.level === 'warning' ? snapshot.notice.message : null
  if (degrade === null && warnings.length === 0 && rates.length === 0 && notice === null) return NO_HEADERS
  const headers: string[] = []
  if (degrade !== null) {
    headers.push('x-tollgate-degraded', degradedText(degrade))
  }
  const told = [...(notice === null ? [] : [notice.replace(/[^\x20-\x7e]/g, '?')]), ...warnings.slice(0, WARNINGS_TOLD_MAX).map(({ why, scope, reason }) => `${why}; budget=${quoted(scope)}; reason=${reason}`)]
  if (told.length > 0) headers.push('x-tollgate-warning', told.join(', '))
  return headers.concat(rateHeaders(rates))
}

/** What a request was changed to, and why: in the header of its answer and on its record. */
export function degradedText({ model, outputTokens, instruction, scope, reason }: Degrade): string {
  const changed = [...(model === null ? [] : [`model=${quoted(model)}`]), ...(outputTokens === null ? [] : [`output_tokens=${outputTokens}`]), ...(instruction === null ? [] : ['instructed'])]
  return [...changed, `budget=${quoted(scope)}`, `reason=${reason}`].join('; ')
}

/** The rates of a request, as the IETF's draft 10 on rate limit fields writes them. */
export function rateHeaders(rates: readonly RateStanding[]): readonly string[] {
  if (rates.length === 0) return NO_HEADERS
  return [
    'ratelimit-policy', rates.map(({ name, limit, windowSeconds }) => `${quoted(name)};q=${limit};w=${windowSeconds}`).join(', '),
    'ratelimit', rates.map(({ name, remaining, resetSeconds }) => `${quoted(name)};r=${remaining};t=${resetSeconds}`).join(', '),
  ]
}

/** A string of structured fields: printable ASCII, quotes and backslashes escaped. */
function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`
}
