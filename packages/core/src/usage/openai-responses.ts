// Usage of OpenAI's Responses API: tokens from the finished response, server tools from the items of its output, each item
// once whatever the number of events that mention it. A code interpreter is billed by container; one that another request
// opened within its lifetime is counted again here, because an answer does not tell it.

import { addCounts, countTable, faultProblems, fieldsOf, listOf, mismatch, missing, noCounts, type Counts, type Fields } from './count.ts'
import { splitInput, splitOutput, wholeOutput } from './split.ts'
import { finishUsage, noUsage, tellCircumstances, UNTOLD, type Circumstances, type ProviderUsage, type UsageFamily, type UsageProblem } from './usage.ts'

const TABLE = countTable({
  input: 'input_tokens',
  output: 'output_tokens',
  total: 'total_tokens',
  cached: 'input_tokens_details.cached_tokens',
  cacheWrite: 'input_tokens_details.cache_write_tokens',
  audioInput: 'input_tokens_details.audio_tokens',
  imageInput: 'input_tokens_details.image_tokens',
  reasoning: 'output_tokens_details.reasoning_tokens',
  audioOutput: 'output_tokens_details.audio_tokens',
  sources: 'num_sources_used',
})

/** Billed tools by the type of their item in the output. */
const TOOLS: Readonly<Record<string, string>> = {
  web_search_call: 'web_search_requests',
  file_search_call: 'file_search_requests',
  code_interpreter_call: 'code_interpreter_sessions',
  image_generation_call: 'image_generation_requests',
}

type Told = {
  readonly of: Circumstances
  readonly counts: Counts<keyof typeof TABLE>
  /** Bucket by the identity of what is billed: an item, or the container that several items share. */
  readonly tools: Readonly<Record<string, string>>
}

export const openaiResponses: UsageFamily<Told> = { start: { of: UNTOLD, counts: noCounts(TABLE), tools: {} }, add, finish }

function add(told: Told, event: unknown): Told {
  const body = fieldsOf(event)
  const response = body['response'] === undefined ? body : fieldsOf(body['response'])
  const items = [...listOf(response['output']), body['type'] === 'response.output_item.done' ? body['item'] : null]
  return {
    of: tellCircumstances(told.of, { model: response['model'], tier: response['service_tier'] }),
    counts: addCounts(TABLE, told.counts, response['usage']),
    tools: items.reduce<Told['tools']>(addTool, told.tools),
  }
}

function addTool(tools: Told['tools'], item: unknown): Told['tools'] {
  const call = fieldsOf(item)
  const bucket = TOOLS[String(call['type'])]
  if (bucket === undefined || call['status'] === 'failed' || !isBilled(call)) return tools
  const identity = call['type'] === 'code_interpreter_call' ? call['container_id'] : call['id']
  return typeof identity === 'string' ? { ...tools, [`${bucket} ${identity}`]: bucket } : tools
}

/** Opening a page that a search found is part of the search. */
function isBilled(call: Fields): boolean {
  const action = fieldsOf(call['action'])['type']
  return call['type'] !== 'web_search_call' || action === undefined || action === 'search'
}

function finish({ of, counts, tools }: Told, provider: string | null): ProviderUsage {
  const { figures } = counts
  const faults = faultProblems(counts)
  if (!counts.isTold || (figures.input === null && figures.output === null)) return noUsage(of, 'usage', faults)
  const problems: UsageProblem[] = [...faults]
  if (figures.input === null) problems.push(missing('input_tokens'))
  if (figures.output === null) problems.push(missing('output_tokens'))
  const prompt = figures.input ?? 0
  const completion = figures.output ?? 0
  const output = wholeOutput({ prompt, completion, total: figures.total, reasoning: figures.reasoning, excludesReasoning: provider === 'xai' })
  if (!output.isExplained && figures.total !== null) problems.push(mismatch('total_tokens', prompt + completion, figures.total))
  const input = splitInput({
    whole: prompt, audio: figures.audioInput ?? 0, image: figures.imageInput ?? 0, video: 0,
    cached: figures.cached ?? 0, cachedAudio: 0, cachedImage: 0, cachedVideo: 0, cacheWrite: figures.cacheWrite ?? 0,
  }, 'input_tokens')
  const answer = splitOutput({ whole: output.whole, reasoning: output.reasoning, audio: figures.audioOutput ?? 0, image: 0 }, 'output_tokens')
  const called: Record<string, number> = {}
  for (const bucket of Object.values(tools)) called[bucket] = (called[bucket] ?? 0) + 1
  return finishUsage(of, {
    buckets: { ...input.buckets, ...answer.buckets, search_sources: figures.sources ?? 0, ...called },
    total: { counted: prompt + output.whole, stated: figures.total },
    problems: [...problems, ...input.problems, ...answer.problems],
  })
}
