// Which path is which surface. What is not here reaches no provider: a new provider path is a row of this table, with the surface
// that knows how to meter it.

import { messageBatches } from './anthropic/batches.ts'
import { countTokens, messages } from './anthropic/messages.ts'
import { ANTHROPIC_SHAPE } from './anthropic/shape.ts'
import { countGeminiTokens, embedContent, generateContent } from './gemini/generate-content.ts'
import { GEMINI_SHAPE } from './gemini/shape.ts'
import { speech, transcriptions, translations } from './openai/audio.ts'
import { batches, files } from './openai/batches.ts'
import { chat } from './openai/chat.ts'
import { completions } from './openai/completions.ts'
import { embeddings, moderations } from './openai/embeddings.ts'
import { imageEdits, imageGenerations, imageVariations } from './openai/images.ts'
import { responses } from './openai/responses.ts'
import { OPENAI_SHAPE } from './openai/shape.ts'
import type { ErrorShape, Surface } from './surface.ts'

const OPENAI_PATHS: readonly (readonly [path: string, surface: Surface])[] = [
  ['/chat/completions', chat],
  ['/responses', responses],
  ['/completions', completions],
  ['/embeddings', embeddings],
  ['/moderations', moderations],
  ['/images/generations', imageGenerations],
  ['/images/edits', imageEdits],
  ['/images/variations', imageVariations],
  ['/audio/transcriptions', transcriptions],
  ['/audio/translations', translations],
  ['/audio/speech', speech],
  ['/files', files],
  ['/batches', batches],
]

/** Paths that say nothing beside their surface. OpenAI's work without /v1 too, so either form of base URL does. */
const PATHS: ReadonlyMap<string, Surface> = new Map([
  ...OPENAI_PATHS.flatMap(([path, surface]): [string, Surface][] => [[`/v1${path}`, surface], [path, surface]]),
  // Some clients of Anthropic's API want /v1 in their base URL, some add it: either setting finds its way.
  ...['', '/v1', '/v1/v1'].flatMap((prefix): [string, Surface][] => [[`${prefix}/messages`, messages], [`${prefix}/messages/count_tokens`, countTokens], [`${prefix}/messages/batches`, messageBatches]]),
])

const GEMINI_ACTIONS: Readonly<Record<string, Surface>> = {
  generateContent, streamGenerateContent: generateContent, countTokens: countGeminiTokens, embedContent, batchEmbedContents: embedContent,
}
const GEMINI_PATH = /^\/v1(?:beta|alpha)?\/models\/([^/:]{1,200}):([A-Za-z]{1,40})$/
/** How Azure's clients write the path of a deployment. */
const AZURE_PATH = /^\/openai\/(?:deployments\/[^/]{1,200}|v1)(\/.{1,100})$/

const ANTHROPIC_PATH = /^(?:\/v1){0,2}\/messages(?:\/|$)/

export type Found = { readonly surface: Surface; readonly params: readonly string[] }

const NO_PARAMS: readonly string[] = []

/** The surface of a POST; null where the path is none of a provider's. */
export function surfaceAt(path: string): Found | null {
  const surface = PATHS.get(path)
  if (surface !== undefined) return { surface, params: NO_PARAMS }
  const gemini = GEMINI_PATH.exec(path)
  if (gemini !== null) {
    const found = GEMINI_ACTIONS[gemini[2]!]
    return found === undefined ? null : { surface: found, params: [decoded(gemini[1]!), gemini[2]!] }
  }
  const azure = AZURE_PATH.exec(path)
  const found = azure === null ? undefined : PATHS.get(`/v1${azure[1]!}`)
  return found === undefined ? null : { surface: found, params: NO_PARAMS }
}

/** For the answer that tells which paths there are. */
export function servedPaths(): string[] {
  return [...[...PATHS.keys()].filter((path) => /^\/v1\/(?!v1\/)/.test(path)), ...Object.keys(GEMINI_ACTIONS).map((action) => `/v1beta/models/{model}:${action}`)].map((path) => `POST ${path}`)
}

/** The shape of errors for a path, served or not. */
export function shapeAt(path: string): ErrorShape {
  if (ANTHROPIC_PATH.test(path)) return ANTHROPIC_SHAPE
  return path.startsWith('/v1beta/') || GEMINI_PATH.test(path) ? GEMINI_SHAPE : OPENAI_SHAPE
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
