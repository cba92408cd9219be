// POST /v1/audio/transcriptions and /translations (forms with a file), and /speech (text in, sound out). Models are priced by token,
// by second of audio or by character; what the answer does not tell follows from the request.

import { openUsageReader, type Rate } from '@tollgate/core'
import type { StreamDialect } from '../flow/stream-dialect.ts'
import { modelIn, readJson, renamed, wrong } from '../json-request.ts'
import { readForm, replaceField, type Form } from '../multipart.ts'
import { invalidRequest } from '../refusal.ts'
import type { Asked, FixedUsage, Surface, SurfaceRequest } from '../surface.ts'
import { inputBound, unbounded, type UsageBound } from '../usage-bound.ts'
import { OPENAI_SHAPE } from './shape.ts'

const AUDIO_STREAM: StreamDialect = {
  notable: /"usage" ?:(?!null)|"error" ?:|"type": ?"(?:error|transcript\.text\.done|speech\.audio\.done)"/,
  end: /"type": ?"(?:transcript\.text\.done|speech\.audio\.done)"/,
  closing: null,
  endTells: true,
  model: /"model": ?"((?:[^"\\]|\\.){1,200})"/,
  pieceMark: '.delta"',
  pieces: ['"delta":', '"audio":'],
  usualPiece: null,
  isError: ({ type, error }) => type === 'error' || (typeof error === 'object' && error !== null),
}

export const transcriptions: Surface = {
  name: 'transcriptions',
  shape: OPENAI_SHAPE,
  kinds: ['openai', 'azure'],
  event: 'ai.request',
  read: (asked) => readAudioForm(asked, '/audio/transcriptions'),
  openReader: (provider) => openUsageReader('audio', provider),
  answer: {
    tell: ({ value, text }) => ({ model: text('model'), duration: value('duration'), usage: value('usage') }),
    textOf: ({ text }) => (typeof text === 'string' ? text : ''),
    stream: AUDIO_STREAM,
    isBytes: true,
  },
}

export const translations: Surface = { ...transcriptions, name: 'translations', read: (asked) => readAudioForm(asked, '/audio/translations') }

export const speech: Surface = { ...transcriptions, name: 'speech', read: readSpeech }

/** No voice codec in use needs fewer bytes for a second: what bounds the seconds of a file. */
const BYTES_PER_SECOND_LEAST = 1_000
/** A usual recording: what the seconds of a file are guessed from where nobody tells them. */
const BYTES_PER_SECOND_USUAL = 8_000
/** OpenAI's audio input: a token is a tenth of a second. */
const TOKENS_PER_SECOND = 10

function readAudioForm({ body, contentType }: Asked, path: string): SurfaceRequest {
  const form = readForm(body, contentType, new Set(['model', 'response_format', 'stream']))
  const model = form.fields.get('model')?.value ?? ''
  if (model === '' || model.length > 200) throw invalidRequest('model must be the name of a model.', { param: 'model', code: 'invalid_value' })
  return {
    body, model, isStream: form.fields.get('stream')?.value === 'true', wantsUsage: true,
    bound: (rate) => audioBound(form, model, rate),
    ask: (upstreamModel) => ({ path, body: model === upstreamModel ? body : replaceField(form, 'model', upstreamModel), contentType }),
    countable: () => null,
    fixed: (rate) => guessedAudio(form, rate),
  }
}

function audioBound(form: Form, model: string, rate: Rate | null): UsageBound {
  if (rate === null) throw unbounded(model, 'model', 'the price of its audio is', 'use a model that is')
  if (rate.perUnit?.has('audio_seconds') === true) return { inputTokens: 0, outputTokens: 0, units: { audio_seconds: Math.max(1, Math.ceil(form.fileBytes / BYTES_PER_SECOND_LEAST)) } }
  return { inputTokens: rate.contextWindow, outputTokens: rate.outputMax }
}

/** Subtitles and plain text tell no usage: the length of the file speaks. */
function guessedAudio(form: Form, rate: Rate | null): FixedUsage {
  const seconds = Math.max(1, Math.ceil(form.fileBytes / (waveRate(form.fileHead) ?? BYTES_PER_SECOND_USUAL)))
  if (rate?.perUnit?.has('audio_seconds') === true) return { buckets: { audio_seconds: seconds }, isEstimated: true }
  return { buckets: { audio_input: seconds * TOKENS_PER_SECOND }, isEstimated: true, countsOutput: true }
}

/** Bytes of a second, as the head of a WAVE file says. */
function waveRate(head: Buffer): number | null {
  if (head.length < 32 || head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE') return null
  const rate = head.readUInt32LE(28)
  return rate >= BYTES_PER_SECOND_LEAST ? rate : null
}

function readSpeech({ body }: Asked): SurfaceRequest {
  const json = readJson(body, new Set(['model', 'input', 'stream_format']))
  const { value } = json
  const model = modelIn(value)
  const { input } = value
  if (typeof input !== 'string') throw wrong('input', 'must be a text')
  // Whoever counts characters counts what a reader sees, not code units.
  let characters = 0
  for (const _ of input) characters += 1
  return {
    body, model, isStream: value['stream_format'] === 'sse', wantsUsage: true,
    bound: (rate) => {
      if (rate === null) throw unbounded(model, 'model', 'the price of its speech is', 'use a model that is')
      if (rate.perUnit?.has('characters') === true) return { inputTokens: 0, outputTokens: 0, units: { characters } }
      return { inputTokens: inputBound({ body, model, hasUnseenInput: false, inputMember: 'input' }, rate), outputTokens: rate.outputMax }
    },
    ask: (upstreamModel) => ({ path: '/audio/speech', body: renamed(json, model, upstreamModel), contentType: 'application/json' }),
    countable: () => ({ text: input, overhead: 0 }),
    fixed: (rate) => spoken(input, characters, rate),
  }
}

/** A minute of speech is some 900 characters and 1,250 tokens of sound. */
const SOUND_TOKENS_PER_CHARACTER = 1.4
const BYTES_PER_TOKEN = 4

/** Sound as plain bytes tells no usage: characters are exact, tokens a guess. */
function spoken(input: string, characters: number, rate: Rate | null): FixedUsage {
  if (rate?.perUnit?.has('characters') === true) return { buckets: { characters }, isEstimated: false }
  return { buckets: { input: Math.ceil(Buffer.byteLength(input) / BYTES_PER_TOKEN), audio_output: Math.ceil(characters * SOUND_TOKENS_PER_CHARACTER) }, isEstimated: true }
}
