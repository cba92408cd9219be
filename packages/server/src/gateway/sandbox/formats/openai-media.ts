// OpenAI's embeddings, moderations, images and audio, small: what an SDK needs to see, and usage that can be counted.

import type { Reply } from '../reply.ts'
import { openaiError, openaiErrorEvent } from './openai-chat.ts'
import { modelOf, textOf, typedEvent, type Fields, type Format, type FormatRequest } from './format.ts'

function format(prompt: string, body: Format['body'], events: Format['events'] = null): Format {
  return { read: (request) => question(request, prompt), body, events, error: openaiError, errorEvent: openaiErrorEvent }
}

function question({ fields }: FormatRequest, prompt: string) {
  const asked = fields[prompt]
  if (asked === undefined) throw new RangeError(`${prompt} is missing`)
  const prompts = Array.isArray(asked) ? asked.map(textOf) : [textOf(asked)]
  const isStream = fields['stream'] === true || fields['stream'] === 'true' || fields['stream_format'] === 'sse'
  return { model: modelOf(fields), prompts, limit: Infinity, choices: Number(fields['n'] ?? 1), isStream, includesUsage: true }
}

export const embeddings: Format = {
  ...format('input', ({ prompts, model, tokens, includesUsage }, hasUsage) => ({
    json: {
      object: 'list', model, data: prompts.map((_, index) => ({ object: 'embedding', index, embedding: includesUsage ? PACKED : VECTOR })),
      ...(hasUsage ? { usage: { prompt_tokens: tokens.input, total_tokens: tokens.input } } : {}),
    },
  })),
  // Of two forms: numbers, or base64 of little-endian floats.
  read: (request) => ({ ...question(request, 'input'), includesUsage: request.fields['encoding_format'] === 'base64' }),
}

const VECTOR = [0.5, 0.25, 0.125]
const PACKED = Buffer.from(new Float32Array(VECTOR).buffer).toString('base64')

export const moderations = format('input', ({ prompts, model, id }) => ({
  json: { id: `modr-${id}`, model, results: prompts.map(() => ({ flagged: false, categories: {}, category_scores: {}, category_applied_input_types: {} })) },
}))

/** A white pixel. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg=='
const TOKENS_PER_IMAGE = 272

function imageUsage({ tokens, answers }: Reply): Fields {
  const output = TOKENS_PER_IMAGE * answers.length
  return { input_tokens: tokens.input, input_tokens_details: { text_tokens: tokens.input, image_tokens: 0 }, output_tokens: output, total_tokens: tokens.input + output }
}

export const images = format(
  'prompt',
  (reply, hasUsage) => ({ json: { created: reply.created, background: 'opaque', output_format: 'png', quality: 'low', size: '1024x1024', data: reply.answers.map(() => ({ b64_json: PIXEL })), ...(hasUsage ? { usage: imageUsage(reply) } : {}) } }),
  (reply, hasUsage) => [
    typedEvent({ type: 'image_generation.partial_image', b64_json: PIXEL, partial_image_index: 0 }),
    typedEvent({ type: 'image_generation.completed', b64_json: PIXEL, quality: 'low', size: '1024x1024', ...(hasUsage ? { usage: imageUsage(reply) } : {}) }),
  ],
)

function audioUsage({ tokens }: Reply): Fields {
  return { type: 'tokens', input_tokens: tokens.input, input_token_details: { audio_tokens: tokens.input, text_tokens: 0 }, output_tokens: tokens.output, total_tokens: tokens.input + tokens.output }
}

export const transcriptions = format(
  'file',
  (reply, hasUsage) => ({ json: { text: reply.answers[0]!.words.join(''), ...(hasUsage ? { usage: audioUsage(reply) } : {}) } }),
  (reply, hasUsage) => [
    ...reply.answers[0]!.words.map((delta) => typedEvent({ type: 'transcript.text.delta', delta })),
    typedEvent({ type: 'transcript.text.done', text: reply.answers[0]!.words.join(''), ...(hasUsage ? { usage: audioUsage(reply) } : {}) }),
  ],
)

/** Two seconds of silence in the rate and depth of OpenAI's raw sound. */
const SILENCE = Buffer.alloc(96_000)

export const speech = format(
  'input',
  () => ({ bytes: SILENCE, type: 'audio/pcm' }),
  ({ tokens, answers }) => [
    typedEvent({ type: 'speech.audio.delta', audio: SILENCE.subarray(0, 48).toString('base64') }),
    typedEvent({ type: 'speech.audio.done', usage: { input_tokens: tokens.input, output_tokens: answers[0]!.words.length, total_tokens: tokens.input + answers[0]!.words.length } }),
  ],
)

export const rerank = format('query', ({ id, prompts, model, tokens }) => ({
  json: { id, model, results: prompts.map((_, index) => ({ index, relevance_score: 0.9 })), meta: { billed_units: { search_units: 1 } }, usage: { total_tokens: tokens.input } },
}))
