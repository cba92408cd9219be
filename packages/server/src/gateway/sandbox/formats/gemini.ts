// Gemini's generateContent, as one body, as events or as a JSON array, and its embeddings. Each chunk repeats the usage so far.

import type { Reply } from '../reply.ts'
import { dataEvent, limitOf, object, textOf, type Fields, type Format } from './format.ts'

const STATUSES: Readonly<Record<number, string>> = { 400: 'INVALID_ARGUMENT', 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED', 404: 'NOT_FOUND', 429: 'RESOURCE_EXHAUSTED', 500: 'INTERNAL', 503: 'UNAVAILABLE' }

export const generateContent: Format = {
  read: ({ fields, params, query }) => {
    const { contents } = fields
    if (!Array.isArray(contents) || contents.length === 0) throw new RangeError('contents must be a list of at least one content')
    const config = object(fields['generationConfig'])
    return {
      model: params[0]!, prompts: [textOf(fields['systemInstruction']), ...contents.map(textOf)].filter((text) => text !== ''), limit: limitOf(config['maxOutputTokens']),
      choices: Number(config['candidateCount'] ?? 1), isStream: params[1] === 'streamGenerateContent', includesUsage: query.includes('alt=sse'),
    }
  },
  body: (reply, hasUsage) => ({ json: chunk(reply, reply.answers.map(({ words }) => words.join('')), true, hasUsage) }),
  events: (reply, hasUsage) => {
    const chunks = piecesOf(reply).map((text, index, all) => chunk(reply, [text], index === all.length - 1, hasUsage))
    if (reply.includesUsage) return chunks.map(dataEvent)
    return chunks.map((one, index) => `${index === 0 ? '[' : ',\r\n'}${JSON.stringify(one)}${index === chunks.length - 1 ? ']' : ''}`)
  },
  error: (status, _type, _code, message) => ({ error: { code: status, message, status: STATUSES[status] ?? 'UNKNOWN' } }),
  errorEvent: (message) => dataEvent({ error: { code: 503, message, status: 'UNAVAILABLE' } }),
}

/** Gemini sends several words in one chunk. */
const WORDS_PER_CHUNK = 4

function piecesOf({ answers, tool }: Reply): string[] {
  if (tool !== null) return ['']
  const { words } = answers[0]!
  const pieces = Array.from({ length: Math.max(1, Math.ceil(words.length / WORDS_PER_CHUNK)) }, (_, index) => words.slice(index * WORDS_PER_CHUNK, (index + 1) * WORDS_PER_CHUNK).join(''))
  return pieces
}

function chunk(reply: Reply, texts: readonly string[], isLast: boolean, hasUsage: boolean): Fields {
  const { tool, tokens, answers } = reply
  const part = (text: string) => (tool === null ? { text } : { functionCall: { name: tool.name, args: JSON.parse(tool.input) as unknown } })
  const usage = {
    promptTokenCount: tokens.input, ...(tokens.cached > 0 ? { cachedContentTokenCount: tokens.cached } : {}), candidatesTokenCount: tokens.output, totalTokenCount: tokens.input + tokens.output,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: tokens.input }],
  }
  return {
    candidates: texts.map((text, index) => ({ content: { role: 'model', parts: [part(text)] }, ...(isLast ? { finishReason: answers[index]?.isCut === true ? 'MAX_TOKENS' : 'STOP' } : {}), index })),
    ...(hasUsage ? { usageMetadata: isLast ? usage : { promptTokenCount: tokens.input, totalTokenCount: tokens.input } } : {}),
    modelVersion: reply.model, responseId: reply.id,
  }
}

export const embedContent: Format = {
  ...generateContent,
  read: ({ fields, params }) => {
    const requests = Array.isArray(fields['requests']) ? fields['requests'] : [fields]
    return { model: params[0]!, prompts: requests.map((one) => textOf(object(one)['content'])), limit: 0, choices: 1, isStream: false, includesUsage: params[1] === 'batchEmbedContents' }
  },
  body: (reply) => {
    const embeddings = reply.prompts.map(() => ({ values: [0.1, 0.2, 0.3] }))
    return { json: reply.includesUsage ? { embeddings } : { embedding: embeddings[0] } }
  },
  events: null,
}

export const countGeminiTokens: Format = { ...generateContent, body: ({ tokens }) => ({ json: { totalTokens: tokens.input } }), events: null }
