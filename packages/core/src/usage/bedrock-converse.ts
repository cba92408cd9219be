// Usage of Amazon Bedrock's Converse and ConverseStream: input leaves out what a cache held or took, the cache figures come
// under two spellings each, and the answer does not name its model. The total may or may not include the cache.

import { addCounts, countTable, faultProblems, fieldsOf, listOf, mismatch, missing, noCounts, type Counts } from './count.ts'
import { finishUsage, noUsage, tellCircumstances, UNTOLD, type Circumstances, type ProviderUsage, type UsageFamily, type UsageProblem } from './usage.ts'

/** Cache writes by lifetime are brought under `written.5m` and `written.1h` before they are read. */
const TABLE = countTable({
  input: 'inputTokens',
  output: 'outputTokens',
  total: 'totalTokens',
  cacheRead: ['cacheReadInputTokens', 'cacheReadInputTokenCount'],
  cacheWrite: ['cacheWriteInputTokens', 'cacheWriteInputTokenCount'],
  cacheWrite5m: 'written.5m',
  cacheWrite1h: 'written.1h',
})

type Told = { readonly of: Circumstances; readonly counts: Counts<keyof typeof TABLE> }

export const bedrockConverse: UsageFamily<Told> = { start: { of: UNTOLD, counts: noCounts(TABLE) }, add, finish }

function add(told: Told, event: unknown): Told {
  const outer = fieldsOf(event)
  const body = outer['metadata'] === undefined ? outer : fieldsOf(outer['metadata'])
  const usage = body['usage']
  const isOptimized = fieldsOf(body['performanceConfig'])['latency'] === 'optimized'
  return {
    of: tellCircumstances(told.of, { model: body['model'], tier: isOptimized ? 'optimized' : fieldsOf(body['serviceTier'])['type'] }),
    counts: typeof usage === 'object' && usage !== null ? addCounts(TABLE, told.counts, { ...usage, written: writesByLifetime(fieldsOf(usage)['cacheDetails']) }) : told.counts,
  }
}

function writesByLifetime(details: unknown): object {
  return Object.fromEntries(listOf(details).map((detail) => [String(fieldsOf(detail)['ttl']), fieldsOf(detail)['inputTokens']]))
}

function finish({ of, counts }: Told): ProviderUsage {
  const { input, output, total, cacheRead, cacheWrite, cacheWrite5m, cacheWrite1h } = counts.figures
  const problems: UsageProblem[] = faultProblems(counts)
  if (!counts.isTold) return noUsage(of, 'usage', problems)
  if (input === null) problems.push(missing('inputTokens'))
  if (output === null) problems.push(missing('outputTokens'))
  const long = cacheWrite1h ?? 0
  const written = Math.max(cacheWrite ?? 0, (cacheWrite5m ?? 0) + long)
  const bare = (input ?? 0) + (output ?? 0)
  const counted = bare + (cacheRead ?? 0) + written
  if (total !== null && total !== counted && total !== bare) problems.push(mismatch('totalTokens', counted, total))
  return finishUsage(of, {
    buckets: { input: input ?? 0, cached_input: cacheRead ?? 0, cache_write_5m: written - long, cache_write_1h: long, output: output ?? 0 },
    total: { counted: total === bare ? bare : counted, stated: total },
    problems,
  })
}
