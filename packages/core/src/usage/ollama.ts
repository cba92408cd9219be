// Usage of Ollama's own API (generate, chat, embed): two counts in the last object of the stream. It states no total.

import { addCounts, countTable, faultProblems, fieldsOf, missing, noCounts, type Counts } from './count.ts'
import { finishUsage, noUsage, tellCircumstances, UNTOLD, type Circumstances, type ProviderUsage, type UsageFamily } from './usage.ts'

const TABLE = countTable({ input: 'prompt_eval_count', output: 'eval_count' })

type Told = { readonly of: Circumstances; readonly counts: Counts<keyof typeof TABLE>; readonly isEmbedding: boolean }

export const ollama: UsageFamily<Told> = { start: { of: UNTOLD, counts: noCounts(TABLE), isEmbedding: false }, add, finish }

function add(told: Told, event: unknown): Told {
  const body = fieldsOf(event)
  return {
    of: tellCircumstances(told.of, { model: body['model'] }),
    counts: addCounts(TABLE, told.counts, event),
    isEmbedding: told.isEmbedding || body['embeddings'] !== undefined,
  }
}

function finish({ of, counts, isEmbedding }: Told): ProviderUsage {
  const { input, output } = counts.figures
  if (input === null && output === null) return noUsage(of, 'prompt_eval_count', faultProblems(counts))
  const problems = [...faultProblems(counts), ...(input === null ? [missing('prompt_eval_count')] : []), ...(output === null && !isEmbedding ? [missing('eval_count')] : [])]
  return finishUsage(of, { buckets: { input: input ?? 0, output: output ?? 0 }, total: { counted: (input ?? 0) + (output ?? 0), stated: null }, problems })
}
