// The most that one request may ask for, as the catalog says whatever its budgets have left: input above it is refused, output above it
// is lowered where the caller can.

import type { Denial, RequestBound } from '@tollgate/core'
import type { AuthorizeInput, Degrade } from './contract.ts'
import type { CustomerState } from './customer-state.ts'
import { withOutput } from './remedy.ts'

export type Within = { readonly kind: 'fits' } | { readonly kind: 'lowered'; readonly input: AuthorizeInput; readonly degrade: Degrade } | { readonly kind: 'refused'; readonly denial: Denial }

const FITS: Within = { kind: 'fits' }
const SCOPE = 'gateway.bounds'

/** The first rule of these that speaks of the request. */
export function boundFor(rules: readonly RequestBound[], asked: { readonly feature: string; readonly plan: string; readonly model: string | null }): RequestBound | null {
  return rules.find(({ feature, plans, models }) => (feature === null || feature === asked.feature) && (plans === null || plans.has(asked.plan)) && (models === null || (asked.model !== null && models.has(asked.model)))) ?? null
}

export function withinBounds(rules: readonly RequestBound[], { snapshot }: CustomerState, input: Omit<AuthorizeInput, 'reservation' | 'ttlMs' | 'repeatable'>): Within {
  const bound = boundFor(rules, { feature: input.feature, plan: snapshot.plan, model: input.model })
  if (bound === null) return FITS
  const { quantities } = input.bound
  const asked = input.countedInput ?? Number(quantities['input_tokens'] ?? 0) + Number(quantities['cached_input_tokens'] ?? 0)
  // Of many requests nobody has counted the input of each.
  if (bound.contextMax !== null && asked > bound.contextMax && input.outputOfOne === undefined) {
    return refused({ reason: 'context_length_exceeded', limit: bound.contextMax, required: asked, message: `The request has about ${asked} tokens of input, and the maximum context length here is ${bound.contextMax} tokens. Send less.` })
  }
  const output = input.outputOfOne ?? Number(quantities['output_tokens'] ?? 0)
  if (bound.outputMax === null || output <= bound.outputMax) return FITS
  if (input.canClamp !== true) {
    const { denial } = refused({ reason: 'output_length_exceeded', limit: bound.outputMax, required: output, message: `The request may answer with ${output} tokens, and ${bound.outputMax} is the most here. Ask for less.` })
    return { kind: 'refused', denial: { ...denial, fitsOutputTokens: bound.outputMax } }
  }
  return { kind: 'lowered', input: { ...(input as AuthorizeInput), bound: withOutput(input.bound, bound.outputMax) }, degrade: { model: null, outputTokens: bound.outputMax, instruction: null, scope: SCOPE, reason: 'output_length_exceeded' } }
}

function refused({ reason, limit, required, message }: { readonly reason: Denial['reason']; readonly limit: number; readonly required: number; readonly message: string }) {
  return { kind: 'refused' as const, denial: { reason, scope: SCOPE, message, limit: String(limit), used: null, required: String(required), unit: 'token', resetsAt: null, topUpUrl: null, upgradeUrl: null } satisfies Denial }
}
