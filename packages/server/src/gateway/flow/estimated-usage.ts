// Usage of an answer whose provider told none: the request's own text counted as input, what was observed of the answer as
// output. Never less than one token per piece, never more than the hold: an estimate must not overdraw anybody. It never
// fails: whatever cannot be read is counted by its bytes.

import type { GatewayContext } from '../exchange.ts'
import { fieldsOf } from '../json-request.ts'
import type { AnswerForm, SurfaceRequest } from '../surface.ts'
import { countByBytes } from '../token-counter.ts'
import type { Admitted } from './admitted.ts'

/** What is known of an answer: text as it stood in JSON, one character per byte. */
export type ObservedAnswer =
  | { readonly kind: 'pieces'; readonly text: string; readonly textLength: number; readonly pieces: number }
  | { readonly kind: 'json'; readonly text: string }

export async function estimateTokens(context: GatewayContext, { surface, request, bound }: Admitted, observed: ObservedAnswer): Promise<{ readonly input: number; readonly output: number }> {
  const [input, output] = await Promise.all([countInput(context, request), countOutput(context, surface.answer, observed)])
  return { input: Math.min(input, bound.inputTokens), output: Math.min(output, bound.outputTokens) }
}

/** By its text alone, or by its bytes where there is none to count. */
export async function countInput(context: GatewayContext, request: SurfaceRequest): Promise<number> {
  const countable = request.countable()
  return countable === null ? countByBytes(request.body.toString('latin1')) : (await countStretch(context, countable.text)) + countable.overhead
}

async function countOutput(context: GatewayContext, form: AnswerForm, observed: ObservedAnswer): Promise<number> {
  if (observed.kind === 'json') return countStretch(context, textOfAnswer(form, observed.text))
  const { text, textLength, pieces } = observed
  const tokens = await countStretch(context, textOfPieces(text))
  return Math.max(pieces, text === '' ? 0 : Math.ceil((tokens * textLength) / text.length))
}

/** Counts the first stretch of a text and extrapolates to its whole length. */
async function countStretch(context: GatewayContext, text: string): Promise<number> {
  const { observedTextMax } = context.limits
  if (text.length <= observedTextMax) return context.tokens.count(text)
  return Math.ceil(((await context.tokens.count(text.slice(0, observedTextMax))) * text.length) / observedTextMax)
}

function textOfAnswer(form: AnswerForm, json: string): string {
  const text = Buffer.from(json, 'latin1').toString()
  try {
    return form.textOf(fieldsOf(JSON.parse(text)))
  } catch {
    return text
  }
}

function textOfPieces(content: string): string {
  const text = Buffer.from(content, 'latin1').toString()
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return text
  }
}
