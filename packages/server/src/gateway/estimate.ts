// The upper bound of what a chat request can use, which the decision holds. A token of a byte-level encoding is at least one
// byte of text, and JSON never writes text shorter than it is; each message's frame costs a few tokens and its braces and
// names more bytes than that. So the bytes of the body bound the input, and no tokenizer runs before a request.

import type { Rate } from '@tollgate/core'
import { invalidRequest } from './openai/errors.ts'
import type { ChatRequest } from './openai/chat-request.ts'

export type UsageBound = { readonly inputTokens: number; readonly outputTokens: number }

/** Tokens that providers put in front of a conversation of their own: its start, its end, a date, a tool preamble. */
const PREAMBLE_TOKENS = 32

/** @throws {RequestRefused} when the model is in no rate card and the request itself does not bound its use. */
export function usageBound(request: ChatRequest, rate: Rate | null): UsageBound {
  return { inputTokens: inputBound(request, rate), outputTokens: outputBound(request, rate) }
}

function inputBound(request: ChatRequest, rate: Rate | null): number {
  const bytes = request.body.length + PREAMBLE_TOKENS
  if (rate === null) {
    if (!request.hasUnseenInput) return bytes
    throw unbounded(request, 'messages', 'the tokens of its images, files or searches are', 'send text only')
  }
  return request.hasUnseenInput ? rate.contextWindow : Math.min(bytes, rate.contextWindow)
}

function outputBound(request: ChatRequest, rate: Rate | null): number {
  if (rate !== null) return Math.min(request.outputMax ?? rate.outputMax, rate.outputMax) * request.choices
  if (request.outputMax !== null) return request.outputMax * request.choices
  throw unbounded(request, 'max_completion_tokens', 'its longest answer is', 'send max_completion_tokens')
}

function unbounded(request: ChatRequest, param: string, what: string, remedy: string): Error {
  return invalidRequest(`The model ${request.model} is in no rate card, so ${what} not known beforehand: ${remedy}, or ask the operator to add the model.`, { param, code: 'unbounded_request' })
}
