// Counts the input of a request where the catalog bounds it and its bytes alone do not say that it fits: a hold may be held by bytes, a
// refusal must not rest on them.

import type { RequestBound } from '@tollgate/core'
import type { Known } from '../../hot/contract.ts'
import { boundFor } from '../../hot/request-bounds.ts'
import type { Exchange } from '../exchange.ts'
import type { SurfaceRequest } from '../surface.ts'
import { countInput } from './estimated-usage.ts'
import type { UsageBound } from '../usage-bound.ts'

type Counting = { readonly known: Known; readonly request: SurfaceRequest; readonly bound: UsageBound; readonly feature: string }

/** Null where nothing is to be counted: what cannot be counted (images, files) is not bounded by it. */
export function countWithin({ context }: Exchange, rules: readonly RequestBound[], { known, request, bound, feature }: Counting): Promise<number> | number | null {
  const rule = boundFor(rules, { feature, plan: known.snapshot.plan, model: request.model })
  if (rule === null || rule.contextMax === null || bound.outputOfOne !== undefined || bound.inputTokens <= rule.contextMax) return null
  return request.countable() === null ? 0 : countInput(context, request)
}
