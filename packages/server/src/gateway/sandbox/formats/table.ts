// Which path of the sandbox speaks which format.

import { countTokens, messages } from './anthropic.ts'
import type { Format } from './format.ts'
import { countGeminiTokens, embedContent, generateContent } from './gemini.ts'
import { chat, completions } from './openai-chat.ts'
import { embeddings, images, moderations, rerank, speech, transcriptions } from './openai-media.ts'
import { responses } from './openai-responses.ts'

const PATHS: readonly (readonly [pattern: RegExp, format: Format])[] = [
  [/^\/v1\/chat\/completions$/, chat],
  [/^\/v1\/completions$/, completions],
  [/^\/v1\/responses$/, responses],
  [/^\/v1\/embeddings$/, embeddings],
  [/^\/v1\/moderations$/, moderations],
  [/^\/v1\/images\/(?:generations|edits|variations)$/, images],
  [/^\/v1\/audio\/(?:transcriptions|translations)$/, transcriptions],
  [/^\/v1\/audio\/speech$/, speech],
  [/^\/v1\/rerank$/, rerank],
  [/^\/v1\/messages$/, messages],
  [/^\/v1\/messages\/count_tokens$/, countTokens],
  [/^\/v1beta\/models\/([^/:]+):(generateContent|streamGenerateContent)$/, generateContent],
  [/^\/v1beta\/models\/([^/:]+):(embedContent|batchEmbedContents)$/, embedContent],
  [/^\/v1beta\/models\/([^/:]+):countTokens$/, countGeminiTokens],
]

export function formatAt(path: string): { readonly format: Format; readonly params: readonly string[] } | null {
  for (const [pattern, format] of PATHS) {
    const match = pattern.exec(path)
    if (match !== null) return { format, params: match.slice(1).map(decodeURIComponent) }
  }
  return null
}
