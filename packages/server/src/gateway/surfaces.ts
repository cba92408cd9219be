// Which path is which surface. What is not here reaches no provider: a new provider path is a row of this table, with the surface
// that knows how to meter it.

import { countTokens, messages } from './anthropic/messages.ts'
import { ANTHROPIC_SHAPE } from './anthropic/shape.ts'
import { chat } from './openai/chat.ts'
import { OPENAI_SHAPE } from './openai/shape.ts'
import type { ErrorShape, Surface } from './surface.ts'

/** Paths that say nothing beside their surface; OpenAI's work without /v1 too, so either form of base URL does. */
const PATHS: ReadonlyMap<string, Surface> = new Map([
  ...withAndWithoutVersion('/chat/completions', chat),
  ['/v1/messages', messages],
  ['/v1/messages/count_tokens', countTokens],
])

export type Found = { readonly surface: Surface; readonly params: readonly string[] }

const NO_PARAMS: readonly string[] = []

/** The surface of a POST; null where the path is none of a provider's. */
export function surfaceAt(path: string): Found | null {
  const surface = PATHS.get(path)
  return surface === undefined ? null : { surface, params: NO_PARAMS }
}

/** For the answer that tells which paths there are. */
export function servedPaths(): string[] {
  return [...PATHS.keys()].filter((path) => path.startsWith('/v1')).map((path) => `POST ${path}`)
}

/** The shape of errors for a path, served or not. */
export function shapeAt(path: string): ErrorShape {
  return path.startsWith('/v1/messages') ? ANTHROPIC_SHAPE : OPENAI_SHAPE
}

function withAndWithoutVersion(path: string, surface: Surface): [string, Surface][] {
  return [[`/v1${path}`, surface], [path, surface]]
}
