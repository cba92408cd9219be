// Usage of embeddings, of moderations and of rerankers in OpenAI's format: input only. Some copies of the format (Voyage)
// tell the total alone.

import { addCounts, countTable, faultProblems, fieldsOf, mismatch, noCounts, type Counts } from './count.ts'
import { splitInput } from './split.ts'
import { finishUsage, noUsage, tellCircumstances, UNTOLD, type Circumstances, type ProviderUsage, type UsageFamily } from './usage.ts'

const TABLE = countTable({ input: ['prompt_tokens', 'input_tokens'], total: 'total_tokens', image: ['prompt_tokens_details.image_tokens', 'image_tokens'] })

type Told = { readonly of: Circumstances; readonly counts: Counts<keyof typeof TABLE> }

export const openaiEmbeddings: UsageFamily<Told> = { start: { of: UNTOLD, counts: noCounts(TABLE) }, add, finish }

function add(told: Told, event: unknown): Told {
  const body = fieldsOf(event)
  return { of: tellCircumstances(told.of, { model: body['model'], tier: body['service_tier'] }), counts: addCounts(TABLE, told.counts, body['usage']) }
}

function finish({ of, counts }: Told): ProviderUsage {
  const { input, total, image } = counts.figures
  const whole = Math.max(input ?? 0, total ?? 0)
  if (!counts.isTold || (input === null && total === null)) return noUsage(of, 'usage', faultProblems(counts))
  const parts = splitInput({ whole, audio: 0, image: image ?? 0, video: 0, cached: 0, cachedAudio: 0, cachedImage: 0, cachedVideo: 0, cacheWrite: 0 }, 'prompt_tokens')
  const odd = input !== null && total !== null && input !== total ? [mismatch('total_tokens', input, total)] : []
  return finishUsage(of, { buckets: parts.buckets, total: { counted: whole, stated: total }, problems: [...faultProblems(counts), ...odd, ...parts.problems] })
}
