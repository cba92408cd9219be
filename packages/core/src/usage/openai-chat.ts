// Usage of chat completions and text completions, as OpenAI tells it and as those tell it who copied the format: Groq,
// Mistral, DeepSeek, xAI, Together, vLLM, Ollama, Moonshot, OpenRouter, Perplexity, Gemini's compatible endpoint.
// `prompt_tokens` includes what a cache held; `completion_tokens` includes reasoning except at xAI and Gemini, which the
// total shows; Perplexity tells reasoning and citations beside the total.

import { addCounts, countTable, faultProblems, fieldsOf, isCount, listOf, mismatch, missing, noCounts, type Counts } from './count.ts'
import { splitInput, splitOutput, wholeOutput } from './split.ts'
import { finishUsage, noUsage, tellCircumstances, UNTOLD, type Circumstances, type ProviderUsage, type UsageFamily, type UsageProblem } from './usage.ts'

const TABLE = countTable({
  prompt: 'prompt_tokens',
  completion: 'completion_tokens',
  total: 'total_tokens',
  cached: ['prompt_tokens_details.cached_tokens', 'prompt_tokens_details.cached_read_tokens', 'prompt_cache_hit_tokens', 'cached_tokens', 'num_cached_tokens', 'cache_read_input_tokens'],
  cacheMiss: 'prompt_cache_miss_tokens',
  cacheWrite: ['prompt_tokens_details.cache_write_tokens', 'prompt_tokens_details.cached_write_tokens', 'prompt_tokens_details.cache_creation_tokens', 'prompt_tokens_details.cache_creation_input_tokens', 'cache_creation_input_tokens'],
  audioInput: 'prompt_tokens_details.audio_tokens',
  imageInput: 'prompt_tokens_details.image_tokens',
  videoInput: 'prompt_tokens_details.video_tokens',
  reasoning: 'completion_tokens_details.reasoning_tokens',
  audioOutput: 'completion_tokens_details.audio_tokens',
  imageOutput: 'completion_tokens_details.image_tokens',
  reasoningBare: 'reasoning_tokens',
  citation: 'citation_tokens',
  searches: ['num_search_queries', 'server_tool_use.web_search_requests', 'server_side_tool_usage_details.web_search_calls'],
  sources: 'num_sources_used',
  audioSeconds: 'prompt_audio_seconds',
})
type Field = keyof typeof TABLE

type Told = { readonly of: Circumstances; readonly counts: Counts<Field> }

export const openaiChat: UsageFamily<Told> = { start: { of: UNTOLD, counts: noCounts(TABLE) }, add, finish }

function add(told: Told, event: unknown): Told {
  const body = fieldsOf(event)
  // Groq puts a stream's usage under its own name, Moonshot into the choice.
  const places = [body['usage'], fieldsOf(body['x_groq'])['usage'], ...listOf(body['choices']).map((choice) => fieldsOf(choice)['usage'])]
  return {
    of: tellCircumstances(told.of, { model: body['model'], tier: body['service_tier'] }),
    counts: places.reduce<Counts<Field>>((counts, usage) => addCounts(TABLE, counts, usage), told.counts),
  }
}

function finish({ of, counts }: Told, provider: string | null): ProviderUsage {
  const { figures } = counts
  const faults = faultProblems(counts)
  if (!counts.isTold || (figures.prompt === null && figures.completion === null && figures.total === null)) return noUsage(of, 'usage', faults)
  const problems: UsageProblem[] = [...faults]
  const prompt = figures.prompt ?? differenceOf(figures.total, figures.completion) ?? (problems.push(missing('prompt_tokens')), 0)
  const completion = figures.completion ?? differenceOf(figures.total, figures.prompt) ?? (problems.push(missing('completion_tokens')), 0)
  const beside = provider === 'perplexity' ? (figures.reasoningBare ?? 0) : 0
  const within = figures.reasoning ?? (provider === 'perplexity' ? null : figures.reasoningBare)
  const output = wholeOutput({ prompt, completion, total: figures.total, reasoning: within, excludesReasoning: provider === 'xai', hidesReasoning: provider === 'google' })
  if (!output.isExplained && figures.total !== null) problems.push(mismatch('total_tokens', prompt + completion, figures.total))
  if (figures.cacheMiss !== null && figures.cacheMiss + (figures.cached ?? 0) !== prompt) problems.push(mismatch('prompt_tokens', figures.cacheMiss + (figures.cached ?? 0), prompt))
  const input = splitInput({
    whole: prompt, audio: figures.audioInput ?? 0, image: figures.imageInput ?? 0, video: figures.videoInput ?? 0,
    cached: figures.cached ?? 0, cachedAudio: 0, cachedImage: 0, cachedVideo: 0, cacheWrite: figures.cacheWrite ?? 0,
  }, 'prompt_tokens')
  const answer = splitOutput({ whole: output.whole, reasoning: output.reasoning, audio: figures.audioOutput ?? 0, image: figures.imageOutput ?? 0 }, 'completion_tokens')
  return finishUsage(of, {
    buckets: {
      ...input.buckets, ...answer.buckets, reasoning: (answer.buckets['reasoning'] ?? 0) + beside, citation: figures.citation ?? 0,
      web_search_requests: figures.searches ?? 0, search_sources: figures.sources ?? 0, audio_seconds: figures.audioSeconds ?? 0,
    },
    total: { counted: prompt + output.whole, stated: figures.total },
    problems: [...problems, ...input.problems, ...answer.problems],
  })
}

function differenceOf(whole: number | null, part: number | null): number | null {
  return whole !== null && part !== null && isCount(whole - part) ? whole - part : null
}
