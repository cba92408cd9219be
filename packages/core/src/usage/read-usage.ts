// The one way into the readers: a surface names the shape of the answer, the provider its dialect. A body is a stream of one
// event. `openUsageReader` is for whoever sees the events pass and keeps none of them.

import { assert } from '../assert.ts'
import { anthropicMessages } from './anthropic-messages.ts'
import { bedrockConverse } from './bedrock-converse.ts'
import { cohere } from './cohere.ts'
import { gemini } from './gemini.ts'
import { ollama } from './ollama.ts'
import { openaiAudio } from './openai-audio.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiEmbeddings } from './openai-embeddings.ts'
import { openaiImages } from './openai-images.ts'
import { openaiResponses } from './openai-responses.ts'
import type { ProviderUsage, UsageFamily } from './usage.ts'

/** The shape of an answer: OpenAI's six, and the native ones of Anthropic, Gemini, Cohere, Bedrock and Ollama. */
export const USAGE_SURFACES = ['chat', 'completions', 'responses', 'embeddings', 'images', 'audio', 'messages', 'generate_content', 'cohere', 'converse', 'ollama'] as const
export type UsageSurface = (typeof USAGE_SURFACES)[number]

export type UsageReader = { readonly add: (event: unknown) => void; readonly usage: () => ProviderUsage }

/** Usage of an answer given as its parsed events; a body alone is one event. */
export function readProviderUsage(answer: { readonly surface: UsageSurface; readonly provider: string | null; readonly events: Iterable<unknown> }): ProviderUsage {
  const reader = openUsageReader(answer.surface, answer.provider)
  for (const event of answer.events) reader.add(event)
  return reader.usage()
}

/** A reader that is told events as they pass; `usage` may be asked at any time. */
export function openUsageReader(surface: UsageSurface, provider: string | null): UsageReader {
  const open = READERS[surface]
  assert(open !== undefined, `no reader for the surface ${surface}`)
  return open(provider)
}

const READERS: Readonly<Record<UsageSurface, (provider: string | null) => UsageReader>> = {
  chat: opener(openaiChat),
  completions: opener(openaiChat),
  responses: opener(openaiResponses),
  embeddings: opener(openaiEmbeddings),
  images: opener(openaiImages),
  audio: opener(openaiAudio),
  messages: opener(anthropicMessages),
  generate_content: opener(gemini),
  cohere: opener(cohere),
  converse: opener(bedrockConverse),
  ollama: opener(ollama),
}

function opener<Told>(family: UsageFamily<Told>): (provider: string | null) => UsageReader {
  return (provider) => {
    let told = family.start
    return { add: (event) => void (told = family.add(told, event)), usage: () => family.finish(told, provider) }
  }
}
