// A request that was admitted: what its end needs to settle it, and what the decision says in the headers of the answer.

import { formatUnits, type KeyRecord } from '@tollgate/core'
import type { Authorization, Known } from '../../hot/contract.ts'
import type { Surface, SurfaceRequest } from '../surface.ts'
import type { ResolvedModel } from '../upstreams.ts'
import type { UsageBound } from '../usage-bound.ts'

export type Admitted = {
  readonly surface: Surface
  readonly request: SurfaceRequest
  readonly key: KeyRecord
  readonly known: Known
  readonly model: ResolvedModel
  readonly bound: UsageBound
  readonly dimensions: Readonly<Record<string, string>>
  readonly authorization: Extract<Authorization, { kind: 'allowed' }>
}

/** The decision as headers, known before the answer: on streams nothing more can be told in the head. */
export function decisionHeaders(authorization: Extract<Authorization, { kind: 'allowed' }>): string[] {
  const { reservation, estimate, currency, balance } = authorization
  const headers = ['x-tollgate-decision', `allow; reservation=${reservation}`, 'x-tollgate-estimate', formatUnits(estimate, currency), 'x-tollgate-currency', currency]
  if (balance !== null) headers.push('x-tollgate-balance', formatUnits(balance, currency))
  return headers
}
