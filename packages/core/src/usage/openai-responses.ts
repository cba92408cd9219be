// Usage of OpenAI's Responses API: tokens from the finished response, server tools from the items of its output, each item
// once whatever the number of events that mention it. A connection may carry several responses: they add up by their ids. A code interpreter is billed by container; one that another request
// opened within its lifetime is counted again here, because an answer does not tell it.

import type { Buckets } from './bucket.ts'
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
  code_interpreter_call: 'code_interpreter_containers',
  image_generation_call: 'image_generation_requests',
}

type Figures = Counts<keyof typeof TABLE>

type Told = {
  readonly of: Circumstances
  /** Figures by the id of the response. */
  readonly responses: Readonly<Record<string, Figures>>
  /** Bucket by the identity of what is billed: an item, or the container that several items share. */
  readonly tools: Readonly<Record<string, string>>
}

export const openaiResponses: UsageFamily<Told> = { start: { of: UNTOLD, responses: {}, tools: {} }, add, finish }

function add(told: Told, event: unknown): Told {
  const body = fieldsOf(event)
  const response = body['response'] === undefined ? body : fieldsOf(body['response'])
  const id = String(response['id'])
  const usage = response['usage']
  const isTold = typeof usage === 'object' && usage !== null
  const items = [...listOf(response['output']), body['type'] === 'response.output_item.done' ? body['item'] : null]
  return {
    of: tellCircumstances(told.of, { model: response['model'], tier: response['service_tier'] }),
    responses: isTold ? { ...told.responses, [id]: addCounts(TABLE, told.responses[id] ?? noCounts(TABLE), usage) } : told.responses,
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

function finish({ of, responses, tools }: Told, provider: string | null): ProviderUsage {
  const read = Object.values(responses).map((counts) => readResponse(counts, provider))
  if (read.length === 0) return noUsage(of, 'usage')
  const buckets: Record<string, number> = {}
  for (const bucket of [...Object.values(tools).map((name) => ({ [name]: 1 })), ...read.map((response) => response.buckets)]) {
    for (const [name, count] of Object.entries(bucket)) buckets[name] = (buckets[name] ?? 0) + count
  }
  const stated = read.some((response) => response.stated === null) ? null : read.reduce((sum, response) => sum + (response.stated ?? 0), 0)
  return finishUsage(of, { buckets, total: { counted: read.reduce((sum, { counted }) => sum + counted, 0), stated }, problems: read.flatMap(({ problems }) => problems) })
}

function readResponse(counts: Figures, provider: string | null): { readonly buckets: Buckets; readonly counted: number; readonly stated: number | null; readonly problems: readonly UsageProblem[] } {
  const { figures } = counts
  const problems: UsageProblem[] = faultProblems(counts)
  if (figures.input === null) problems.push(missing('input_tokens'))
  if (figures.output === null) problems.push(missing('output_tokens'))
  const prompt = figures.input ?? 0
  const completion = figures.output ?? 0
  const output = wholeOutput({ prompt, completion, total: figures.total, reasoning: figures.reasoning, excludesReasoning: provider === 'xai', hidesReasoning: false })
  if (!output.isExplained && figures.total !== null) problems.push(mismatch('total_tokens', prompt + completion, figures.total))
  const input = splitInput({
    whole: prompt, audio: figures.audioInput ?? 0, image: figures.imageInput ?? 0, video: 0,
    cached: figures.cached ?? 0, cachedAudio: 0, cachedImage: 0, cachedVideo: 0, cacheWrite: figures.cacheWrite ?? 0,
  }, 'input_tokens')
  const answer = splitOutput({ whole: output.whole, reasoning: output.reasoning, audio: figures.audioOutput ?? 0, image: 0 }, 'output_tokens')
  return {
    buckets: { ...input.buckets, ...answer.buckets, search_sources: figures.sources ?? 0 },
    counted: prompt + output.whole,
    stated: figures.total,
    problems: [...problems, ...input.problems, ...answer.problems],
  }
}
