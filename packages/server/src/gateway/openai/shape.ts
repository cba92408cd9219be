// Errors in OpenAI's shape, as its SDKs expect them: `{ error: { message, type, param, code } }`, with members of ours for machines.

import type { ErrorShape } from '../surface.ts'
import type { ErrorAnswer } from '../refusal.ts'

export const OPENAI_SHAPE: ErrorShape = {
  body: errorBody,
  // What OpenAI's clients turn into an exception. Never a named event: they break on those.
  event: (answer) => `data: ${errorBody(answer)}\n\n`,
  idHeader: null,
}

function errorBody({ message, type, param, code, details }: ErrorAnswer): string {
  return JSON.stringify({ error: { message, type, param, code, ...details } })
}
