// Usage of an answer whose provider told none: the request's own text counted as input, what was observed of the answer as
// output. Never less than one token per piece, never more than the hold: an estimate must not overdraw anybody. It never
// fails: whatever cannot be read is counted by its bytes.

import type { GatewayContext } from '../exchange.ts'
import { countByBytes } from '../token-counter.ts'
import type { Admitted } from './admitted.ts'

/** What is known of an answer: text as it stood in JSON, one character per byte. */
export type ObservedAnswer =
  | { readonly kind: 'pieces'; readonly text: string; readonly textLength: number; readonly pieces: number }
  | { readonly kind: 'json'; readonly text: string }

export async function estimateTokens(context: GatewayContext, admitted: Admitted, observed: ObservedAnswer): Promise<{ readonly input: number; readonly output: number }> {
  const { request, bound } = admitted
  const [input, output] = await Promise.all([countInput(context, request.body), countOutput(context, observed)])
  return { input: Math.min(input, bound.inputTokens), output: Math.min(output, bound.outputTokens) }
}

/** Tokens that frame each message and start the answer, by OpenAI's own recipe for counting. */
const MESSAGE_FRAME_TOKENS = 4
const ANSWER_START_TOKENS = 3

async function countInput(context: GatewayContext, body: Buffer): Promise<number> {
  try {
    const { messages, tools } = JSON.parse(body.toString()) as { readonly messages: readonly unknown[]; readonly tools?: unknown }
    const text = messages.map(stringsIn).join('\n') + (Array.isArray(tools) ? JSON.stringify(tools) : '')
    return (await countStretch(context, text)) + messages.length * MESSAGE_FRAME_TOKENS + ANSWER_START_TOKENS
  } catch {
    return countByBytes(body.toString('latin1'))
  }
}

async function countOutput(context: GatewayContext, observed: ObservedAnswer): Promise<number> {
  if (observed.kind === 'json') return countStretch(context, textOfAnswer(observed.text))
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

function textOfAnswer(json: string): string {
  const text = Buffer.from(json, 'latin1').toString()
  try {
    const { choices } = JSON.parse(text) as { readonly choices?: unknown }
    return Array.isArray(choices) ? choices.map((choice: { readonly message?: unknown } | null) => stringsIn(choice?.message)).join('') : ''
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

/** All texts within a message, wherever its shape keeps them; inline data is left out, its tokens are not its letters. */
function stringsIn(value: unknown): string {
  if (typeof value === 'string') return value.startsWith('data:') ? '' : value
  if (Array.isArray(value)) return value.map(stringsIn).join('')
  if (typeof value !== 'object' || value === null) return ''
  return Object.entries(value).map(([name, member]) => (name === 'role' || name === 'type' || name === 'id' ? '' : stringsIn(member))).join('')
}
