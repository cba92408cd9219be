// Usage of Anthropic's Messages API. `input_tokens` leaves out what a cache held or took; a stream's figures are cumulative
// from message_start to message_delta and may grow on the way (a web search adds input). One answer may bill several
// samplings (`usage.iterations`): the top-level figures are those of the answer itself, so compaction comes on top at the
// same model's prices, and advisors and attempts that were declined before another model took over at their own models'.
// A refusal without output is not billed.

import { addCounts, countTable, faultProblems, fieldsOf, listOf, missing, noCounts, type Counts } from './count.ts'
import type { Buckets } from './bucket.ts'
import { finishUsage, noUsage, tellCircumstances, UNTOLD, type Circumstances, type PartUsage, type ProviderUsage, type UsageFamily, type UsageProblem } from './usage.ts'

const TABLE = countTable({
  input: 'input_tokens',
  output: 'output_tokens',
  cacheRead: 'cache_read_input_tokens',
  cacheWrite: 'cache_creation_input_tokens',
  cacheWrite5m: 'cache_creation.ephemeral_5m_input_tokens',
  cacheWrite1h: 'cache_creation.ephemeral_1h_input_tokens',
  thinking: 'output_tokens_details.thinking_tokens',
})
/** Bedrock repeats the figures at the end of a stream under names of its own. */
const BEDROCK_TABLE: typeof TABLE = {
  ...countTable({ input: 'inputTokenCount', output: 'outputTokenCount', cacheRead: 'cacheReadInputTokenCount', cacheWrite: 'cacheWriteInputTokenCount' }),
  cacheWrite5m: [], cacheWrite1h: [], thinking: [],
}
type Figures = Counts<keyof typeof TABLE>

type Told = {
  readonly of: Circumstances
  readonly isFast: boolean
  readonly isRefusal: boolean
  readonly counts: Figures
  /** Requests of server tools by bucket; a tool that is new to us counts under its own name. */
  readonly tools: Readonly<Record<string, number>>
  readonly iterations: readonly Iteration[]
}

type Iteration = { readonly kind: string; readonly model: string | null; readonly counts: Figures }

export const anthropicMessages: UsageFamily<Told> = { start: { of: UNTOLD, isFast: false, isRefusal: false, counts: noCounts(TABLE), tools: {}, iterations: [] }, add, finish }

function add(told: Told, event: unknown): Told {
  const body = fieldsOf(event)
  const message = body['type'] === 'message_start' ? fieldsOf(body['message']) : body
  const usage = fieldsOf(message['usage'])
  const iterations = listOf(usage['iterations'])
  return {
    of: tellCircumstances(told.of, { model: message['model'], tier: usage['service_tier'], region: usage['inference_geo'] }),
    isFast: told.isFast || usage['speed'] === 'fast',
    isRefusal: told.isRefusal || message['stop_reason'] === 'refusal' || fieldsOf(body['delta'])['stop_reason'] === 'refusal',
    counts: addCounts(BEDROCK_TABLE, addCounts(TABLE, told.counts, message['usage']), body['amazon-bedrock-invocationMetrics']),
    tools: addTools(told.tools, usage['server_tool_use']),
    iterations: iterations.length > told.iterations.length ? iterations.map(readIteration) : told.iterations,
  }
}

function addTools(tools: Told['tools'], told: unknown): Told['tools'] {
  const more: Record<string, number> = { ...tools }
  for (const [bucket, count] of Object.entries(fieldsOf(told))) if (typeof count === 'number' && Number.isSafeInteger(count) && count > (more[bucket] ?? 0)) more[bucket] = count
  return more
}

function readIteration(value: unknown): Iteration {
  const iteration = fieldsOf(value)
  return { kind: String(iteration['type']), model: typeof iteration['model'] === 'string' ? iteration['model'] : null, counts: addCounts(TABLE, noCounts(TABLE), value) }
}

function finish(told: Told): ProviderUsage {
  const { counts, iterations } = told
  const served = iterations.findLast(({ kind }) => kind === 'fallback_message')
  const of: Circumstances = { ...told.of, model: served?.model ?? told.of.model, tier: told.isFast ? 'fast' : told.of.tier }
  const faults = [counts, ...iterations.map((iteration) => iteration.counts)].flatMap(faultProblems)
  if (!counts.isTold || (counts.figures.input === null && counts.figures.output === null)) return noUsage(of, 'usage', faults)
  const problems: UsageProblem[] = [...faults]
  if (counts.figures.input === null) problems.push(missing('input_tokens'))
  if (counts.figures.output === null) problems.push(missing('output_tokens'))
  const isOwn = (iteration: Iteration): boolean => iteration.kind !== 'advisor_message' && (iteration.model === null || iteration.model === of.model)
  // Where another model took over, the cumulative figures of the stream mix both: each attempt then stands for itself.
  const samplings = served === undefined ? [counts] : iterations.filter((iteration) => isOwn(iteration) && iteration.kind !== 'compaction').map((iteration) => iteration.counts)
  const own = [...samplings, ...iterations.filter(({ kind }) => kind === 'compaction').map((iteration) => iteration.counts)]
  const elsewhere = iterations.filter((iteration) => !isOwn(iteration) && iteration.kind !== 'compaction' && wasBilled(iteration)).map((iteration): PartUsage => ({
    model: iteration.model, kind: iteration.kind === 'advisor_message' ? 'advisor' : 'declined', buckets: bucketsOf(iteration.counts, problems),
  }))
  const isFree = told.isRefusal && served === undefined && counts.figures.output === 0
  const buckets: Record<string, number> = { ...told.tools }
  if (!isFree) for (const sampling of own) for (const [bucket, count] of Object.entries(bucketsOf(sampling, problems))) buckets[bucket] = (buckets[bucket] ?? 0) + count
  const counted = isFree ? 0 : own.reduce((sum, { figures }) => sum + (figures.input ?? 0) + (figures.cacheRead ?? 0) + writtenIn(figures) + (figures.output ?? 0), 0)
  return finishUsage(of, { buckets, total: { counted, stated: null }, problems, elsewhere })
}

/** An attempt that was declined before it wrote anything is free. */
function wasBilled({ kind, counts }: Iteration): boolean {
  return kind === 'advisor_message' || (counts.figures.output ?? 0) > 0
}

function bucketsOf({ figures }: Figures, problems: UsageProblem[]): Buckets {
  const output = figures.output ?? 0
  const thinking = Math.min(figures.thinking ?? 0, output)
  const short = figures.cacheWrite5m ?? 0
  const long = figures.cacheWrite1h ?? 0
  const rest = writtenIn(figures) - short - long
  if (rest > 0 && short > 0 && long > 0) {
    problems.push({ code: 'cache_lifetime_unknown', field: 'cache_creation', message: `${rest} tokens were written to a cache whose lifetime is not told: counted as five minutes` })
  }
  const isLong = short === 0 && long > 0
  return {
    input: figures.input ?? 0, cached_input: figures.cacheRead ?? 0, cache_write_5m: short + (isLong ? 0 : rest), cache_write_1h: long + (isLong ? rest : 0),
    output: output - thinking, reasoning: thinking,
  }
}

function writtenIn(figures: Figures['figures']): number {
  return Math.max(figures.cacheWrite ?? 0, (figures.cacheWrite5m ?? 0) + (figures.cacheWrite1h ?? 0))
}
