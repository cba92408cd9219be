// POST /v1/embeddings and /v1/moderations: input only, no streams. Moderations are free at the provider and an event of their own type.

import { openUsageReader, type Rate } from '@tollgate/core'
import { modelIn, readJson, renamed, stringsIn, wrong, type JsonRequest } from '../json-request.ts'
import type { Surface, SurfaceRequest } from '../surface.ts'
import { inputBound, type UsageBound } from '../usage-bound.ts'
import { CHAT_STREAM } from './chat.ts'
import { OPENAI_SHAPE } from './shape.ts'

export const embeddings: Surface = {
  name: 'embeddings',
  cache: { tools: [], never: [] },
  shape: OPENAI_SHAPE,
  kinds: ['openai', 'azure'],
  event: 'ai.request',
  read: ({ body }) => {
    const json = readJson(body, new Set(['model', 'input']))
    const model = modelIn(json.value)
    return inputOnly(json, '/embeddings', model, (rate) => ({ inputTokens: inputBound({ body, model, hasUnseenInput: false, inputMember: 'input' }, rate === null ? null : { ...rate, contextWindow: body.length + 32 }), outputTokens: 0 }))
  },
  openReader: (provider) => openUsageReader('embeddings', provider),
  answer: {
    tell: ({ value, text }) => ({ model: text('model'), usage: value('usage') }),
    textOf: () => '',
    stream: CHAT_STREAM,
  },
}

/** What the API takes when the request names none. */
const MODERATION_MODEL = 'omni-moderation-latest'

export const moderations: Surface = {
  ...embeddings,
  name: 'moderations',
  event: 'ai.moderation',
  isFree: true,
  read: ({ body }) => {
    const json = readJson(body, new Set(['model', 'input']))
    const model = json.value['model'] === undefined || json.value['model'] === null ? MODERATION_MODEL : modelIn(json.value)
    return { ...inputOnly(json, '/moderations', model, () => ({ inputTokens: 0, outputTokens: 0 })), fixed: () => ({ buckets: {}, isEstimated: false }) }
  },
  answer: { ...embeddings.answer, tell: () => null },
}

function inputOnly(json: JsonRequest, path: string, model: string, bound: (rate: Rate | null) => UsageBound): SurfaceRequest {
  const { body, value } = json
  if (value['input'] === undefined || value['input'] === null) throw wrong('input', 'is missing')
  return {
    body, model, isStream: false, wantsUsage: true, bound,
    ask: (upstreamModel) => ({ path, body: renamed(json, model, upstreamModel), contentType: 'application/json' }),
    countable: () => ({ text: stringsIn(value['input']), overhead: 0 }),
  }
}
