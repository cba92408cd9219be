// What is tried before a request is refused for money or quota: the model that the budget falls back to, less output, or for a
// soft budget nothing at all. Each try is the one decision again. Where none helps, the refusal says how much output would fit.

import { largestOutput, planOf, withHeadroom, type Budget, type Decision, type DecisionInput, type LeaseNeed } from '@tollgate/core'
import { measure } from '@tollgate/core'
import type { AuthorizeInput, Degrade } from './contract.ts'
import { sliceIn, type CustomerState } from './customer-state.ts'

type Denied = Extract<Decision, { kind: 'deny' }>
type Bound = AuthorizeInput['bound']

/** A request as it may be tried instead. */
export type Retry = { readonly input: AuthorizeInput; readonly degrade: Degrade | null; readonly waived: string | null }

const EXHAUSTED = new Set(['limit_exhausted', 'allowance_exhausted', 'credit_balance_exhausted'])
/** What of a bound grows with the output. */
const OUTPUT_PROPERTIES = ['output_tokens', 'reasoning_tokens', 'audio_output_tokens', 'image_output_tokens'] as const

export function isExhaustion(denied: Denied): boolean {
  return denied.budget !== null && EXHAUSTED.has(denied.denial.reason)
}

/** The request with the model that the refusing budget falls back to; null where there is none, or it was tried. */
export function fallback(input: AuthorizeInput, denied: Denied): Retry | null {
  const exhausted = denied.budget?.terms?.exhausted
  if (exhausted?.action !== 'fallback' || input.model === null || exhausted.model === input.model) return null
  const other = input.withModel === undefined ? plainly(input, exhausted.model) : input.withModel(exhausted.model)
  if (other === null) return null
  const instruction = input.canInstruct === true ? (exhausted.instruction ?? null) : null
  return { input: instructed({ ...input, ...other }, instruction), degrade: { model: exhausted.model, outputTokens: null, instruction, scope: denied.denial.scope, reason: denied.denial.reason }, waived: null }
}

/** The request that is told to be brief, which a soft budget then lets through; null where that is not what it says. */
export function brief(input: AuthorizeInput, denied: Denied): Retry | null {
  const { budget, denial } = denied
  if (budget?.terms?.exhausted?.action !== 'brief' || budget.enforcement !== 'soft' || input.canInstruct !== true) return null
  const { instruction } = budget.terms.exhausted
  return { input: instructed(input, instruction), degrade: { model: null, outputTokens: null, instruction, scope: denial.scope, reason: denial.reason }, waived: budget.id }
}

/** Tokens that an instruction takes at most: its bytes, and the frame of a message around it. */
export function tokensOfInstruction(instruction: string): number {
  return Buffer.byteLength(instruction) + INSTRUCTION_FRAME_TOKENS
}

const INSTRUCTION_FRAME_TOKENS = 16

function instructed(input: AuthorizeInput, instruction: string | null): AuthorizeInput {
  if (instruction === null) return input
  const { quantities, dimensions } = input.bound
  return { ...input, bound: { quantities: { ...quantities, input_tokens: String(Number(quantities['input_tokens'] ?? 0) + tokensOfInstruction(instruction)) }, dimensions } }
}

/** The caller runs the request itself: the same quantities, under another name. */
function plainly(input: AuthorizeInput, model: string): Pick<AuthorizeInput, 'model' | 'bound'> {
  return { model, bound: { quantities: input.bound.quantities, dimensions: { ...input.bound.dimensions, model } } }
}

/** Whether less output may be given instead of none: the budget says so, or the key, or the plan; and the caller can do it. */
export function mayClamp(state: CustomerState, input: AuthorizeInput, denied: Denied): boolean {
  if (input.canClamp !== true || outputOf(input.bound) === 0) return false
  const plan = planOf(state.catalog, state.snapshot)
  return denied.budget?.terms?.exhausted?.action === 'clamp' || input.key?.clampsOutput === true || plan?.clampsOutput === true
}

/** All that the authority still has of the refusing budget, whatever that is; null where it has said that nothing is left. */
export function restOf(state: CustomerState, budget: Budget, missing: number): LeaseNeed | null {
  const refused = sliceIn(state, budget)?.refused ?? null
  return refused !== null && refused.min <= 1 ? null : { budget, min: 0, need: missing, want: missing }
}

/** The request with as much output as its budgets afford; null when that is not worth an answer. */
export function clamped(decided: DecisionInput, input: AuthorizeInput, denied: Denied): Retry | null {
  const exhausted = denied.budget?.terms?.exhausted
  const instruction = exhausted?.action === 'clamp' && input.canInstruct === true ? (exhausted.instruction ?? null) : null
  const told = instructed(input, instruction)
  const outputTokens = largest(decided, told)
  if (outputTokens === null) return null
  return { input: { ...told, bound: withOutput(told.bound, outputTokens) }, degrade: { model: null, outputTokens, instruction, scope: denied.denial.scope, reason: denied.denial.reason }, waived: null }
}

/** The number of output tokens that would fit if the refusing budget gave all it has; undefined where none would. */
export function fittingOutput(decided: DecisionInput, input: AuthorizeInput, denied: Denied): number | undefined {
  if (outputOf(input.bound) === 0 || denied.budget === null) return undefined
  return largest(withHeadroom(decided, denied.budget), input) ?? undefined
}

function largest(decided: DecisionInput, input: AuthorizeInput): number | null {
  return largestOutput(decided, outputOf(input.bound), (outputTokens) => {
    const { quantities, dimensions } = withOutput(input.bound, outputTokens)
    return measure(decided.catalog.meters, { type: input.type, feature: input.feature, quantities, dimensions })
  })
}

function outputOf({ quantities }: Bound): number {
  const count = Number(quantities['output_tokens'] ?? 0)
  return Number.isSafeInteger(count) ? count : 0
}

export function withOutput({ quantities, dimensions }: Bound, outputTokens: number): Bound {
  const lowered: Record<string, string> = { ...quantities }
  for (const property of OUTPUT_PROPERTIES) if (Number(lowered[property] ?? 0) > outputTokens) lowered[property] = String(outputTokens)
  return { quantities: lowered, dimensions }
}
