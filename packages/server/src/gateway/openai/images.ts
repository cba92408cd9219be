// POST /v1/images/generations (JSON), /edits and /variations (a form). Newer models tell tokens; older ones are priced by the image,
// whose quality and size then come from the request.

import { openUsageReader, type Rate, type UsageReader } from '@tollgate/core'
import type { StreamDialect } from '../flow/stream-dialect.ts'
import { countIn, flagIn, modelIn, readJson, renamed } from '../json-request.ts'
import { readForm, replaceField, type Form } from '../multipart.ts'
import { invalidRequest } from '../refusal.ts'
import type { Asked, Surface, SurfaceRequest } from '../surface.ts'
import { inputBound, unbounded, type UsageBound } from '../usage-bound.ts'
import { OPENAI_SHAPE } from './shape.ts'

const IMAGES_STREAM: StreamDialect = {
  notable: /"usage" ?:(?!null)|"type": ?"(?:error|image_(?:generation|edit)\.completed)"|"error" ?:/,
  end: null,
  closing: /"type": ?"image_(?:generation|edit)\.completed"/,
  endTells: false,
  model: /"model": ?"((?:[^"\\]|\\.){1,200})"/,
  pieceMark: '"b64_json"',
  pieces: [],
  usualPiece: null,
  isError: ({ type, error }) => type === 'error' || (typeof error === 'object' && error !== null),
}

/** Images that one request may ask for: the bound of OpenAI's API. */
const IMAGES_MAX = 10
const DECIDING = new Set(['model', 'prompt', 'n', 'quality', 'size', 'stream'])
/** What the API takes when the request names none. */
const MODEL_DEFAULT = 'dall-e-2'

export const imageGenerations: Surface = {
  name: 'images',
  shape: OPENAI_SHAPE,
  kinds: ['openai', 'azure'],
  event: 'ai.request',
  read: readGeneration,
  openReader: openImageReader,
  answer: {
    tell: ({ value, text }) => {
      const usage = value('usage')
      return { model: text('model'), quality: text('quality'), size: text('size'), usage, data: usage === undefined ? value('data') : undefined }
    },
    textOf: () => '',
    stream: IMAGES_STREAM,
  },
}

export const imageEdits: Surface = { ...imageGenerations, read: (asked) => readImageForm(asked, '/images/edits') }
export const imageVariations: Surface = { ...imageGenerations, read: (asked) => readImageForm(asked, '/images/variations') }

function openImageReader(provider: string, { labels }: SurfaceRequest): UsageReader {
  const reader = openUsageReader('images', provider)
  reader.add(labels)
  return reader
}

function readGeneration({ body }: Asked): SurfaceRequest {
  const json = readJson(body, DECIDING)
  const { value } = json
  const model = value['model'] === undefined ? MODEL_DEFAULT : modelIn(value)
  const count = countIn(value, 'n', IMAGES_MAX) ?? 1
  return {
    ...imagesOf({ body, model, count, hasUnseenInput: false }),
    isStream: flagIn(value, 'stream'),
    labels: labelsOf(value['quality'], value['size']),
    ask: (upstreamModel) => ({ path: '/images/generations', body: renamed(json, model, upstreamModel), contentType: 'application/json' }),
    countable: () => null,
  }
}

function readImageForm({ body, contentType }: Asked, path: string): SurfaceRequest {
  const form = readForm(body, contentType, DECIDING)
  const model = form.fields.get('model')?.value ?? MODEL_DEFAULT
  return {
    ...imagesOf({ body, model, count: countOf(form), hasUnseenInput: true }),
    isStream: form.fields.get('stream')?.value === 'true',
    labels: labelsOf(form.fields.get('quality')?.value, form.fields.get('size')?.value),
    ask: (upstreamModel) => ({ path, body: model === upstreamModel ? body : replaceField(form, 'model', upstreamModel), contentType }),
    countable: () => null,
  }
}

function countOf({ fields }: Form): number {
  const text = fields.get('n')?.value ?? '1'
  if (!/^\d{1,2}$/.test(text) || Number(text) < 1 || Number(text) > IMAGES_MAX) throw invalidRequest(`n must be a whole number from 1 to ${IMAGES_MAX}.`, { param: 'n', code: 'invalid_value' })
  return Number(text)
}

function imagesOf(asked: { readonly body: Buffer; readonly model: string; readonly count: number; readonly hasUnseenInput: boolean }) {
  return {
    body: asked.body,
    model: asked.model,
    wantsUsage: true,
    bound: (rate: Rate | null): UsageBound => {
      if (rate === null) throw unbounded(asked.model, 'model', 'the price of its images is', 'use a model that is')
      if (rate.perUnit?.has('images') === true) return { inputTokens: 0, outputTokens: 0, units: { images: asked.count } }
      return { inputTokens: inputBound({ ...asked, inputMember: 'image' }, rate), outputTokens: rate.outputMax * asked.count, units: { images: asked.count } }
    },
    fixed: () => ({ buckets: { images: asked.count }, isEstimated: false }),
  }
}

/** `auto` is told by the answer, or by nobody. */
function labelsOf(quality: unknown, size: unknown): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {}
  if (typeof quality === 'string' && quality !== 'auto') labels['quality'] = quality.slice(0, 64)
  if (typeof size === 'string' && size !== 'auto') labels['size'] = size.slice(0, 64)
  return labels
}
