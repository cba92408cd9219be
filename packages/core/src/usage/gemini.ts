// Usage of Gemini's generateContent. `promptTokenCount` includes what a cache held, `candidatesTokenCount` leaves the
// thoughts out, the results of tools are input beside the prompt; every chunk of a stream repeats the figures so far.
// Grounding is billed by prompt up to Gemini 2 and by search query from Gemini 3 on.

import { addCounts, countTable, faultProblems, fieldsOf, listOf, mismatch, missing, noCounts, type Counts, type Fields } from './count.ts'
import type { Buckets } from './bucket.ts'
import { splitInput, splitOutput } from './split.ts'
import { finishUsage, noUsage, tellCircumstances, UNTOLD, type Circumstances, type ProviderUsage, type UsageFamily, type UsageProblem } from './usage.ts'

/** Figures by modality are brought under `prompt.IMAGE` and the like before they are read. */
const TABLE = countTable({
  prompt: 'promptTokenCount',
  cached: 'cachedContentTokenCount',
  candidates: ['candidatesTokenCount', 'responseTokenCount'],
  thoughts: 'thoughtsTokenCount',
  tools: 'toolUsePromptTokenCount',
  total: 'totalTokenCount',
  audioInput: 'prompt.AUDIO',
  // A document is read as the images of its pages.
  imageInput: 'prompt.IMAGE', documentInput: 'prompt.DOCUMENT',
  videoInput: 'prompt.VIDEO',
  audioTools: 'tools.AUDIO', imageTools: 'tools.IMAGE', documentTools: 'tools.DOCUMENT', videoTools: 'tools.VIDEO',
  cachedAudio: 'cache.AUDIO', cachedImage: 'cache.IMAGE', cachedDocument: 'cache.DOCUMENT', cachedVideo: 'cache.VIDEO',
  audioOutput: 'candidates.AUDIO', imageOutput: 'candidates.IMAGE',
})
type Field = keyof typeof TABLE

type Told = { readonly of: Circumstances; readonly counts: Counts<Field>; readonly searches: number }

export const gemini: UsageFamily<Told> = { start: { of: UNTOLD, counts: noCounts(TABLE), searches: 0 }, add, finish }

function add(told: Told, event: unknown): Told {
  const body = fieldsOf(event)
  const usage = body['usageMetadata']
  const fields = fieldsOf(usage)
  const searches = listOf(body['candidates']).map((candidate) => listOf(fieldsOf(fieldsOf(candidate)['groundingMetadata'])['webSearchQueries']).filter((query) => query !== '').length)
  return {
    of: tellCircumstances(told.of, { model: body['modelVersion'], tier: fields['serviceTier'] ?? fields['trafficType'] }),
    counts: typeof usage === 'object' && usage !== null ? addCounts(TABLE, told.counts, { ...fields, ...modalitiesOf(fields) }) : told.counts,
    searches: Math.max(told.searches, ...searches),
  }
}

function modalitiesOf(usage: Fields): Fields {
  const by = (list: unknown): Fields => Object.fromEntries(listOf(list).map((entry) => [String(fieldsOf(entry)['modality']), fieldsOf(entry)['tokenCount']]))
  return {
    prompt: by(usage['promptTokensDetails']), tools: by(usage['toolUsePromptTokensDetails']), cache: by(usage['cacheTokensDetails']),
    candidates: by(usage['candidatesTokensDetails'] ?? usage['responseTokensDetails']),
  }
}

function finish({ of, counts, searches }: Told): ProviderUsage {
  const told = counts.figures
  const problems: UsageProblem[] = faultProblems(counts)
  if (!counts.isTold) return noUsage(of, 'usageMetadata', problems)
  if (told.prompt === null) problems.push(missing('promptTokenCount'))
  const figure = (...fields: readonly Field[]): number => fields.reduce((sum, field) => sum + (told[field] ?? 0), 0)
  const input = splitInput({
    whole: figure('prompt', 'tools'),
    audio: figure('audioInput', 'audioTools'), image: figure('imageInput', 'documentInput', 'imageTools', 'documentTools'), video: figure('videoInput', 'videoTools'),
    cached: figure('cached'), cachedAudio: figure('cachedAudio'), cachedImage: figure('cachedImage', 'cachedDocument'), cachedVideo: figure('cachedVideo'), cacheWrite: 0,
  }, 'promptTokenCount')
  const output = splitOutput({ whole: figure('candidates', 'thoughts'), reasoning: figure('thoughts'), audio: figure('audioOutput'), image: figure('imageOutput') }, 'candidatesTokenCount')
  const counted = figure('prompt', 'tools', 'candidates', 'thoughts')
  if (told.total !== null && told.total !== counted) problems.push(mismatch('totalTokenCount', counted, told.total))
  return finishUsage(of, {
    buckets: { ...input.buckets, ...output.buckets, ...groundingOf(of.model, searches) },
    total: { counted, stated: told.total },
    problems: [...problems, ...input.problems, ...output.problems],
  })
}

function groundingOf(model: string | null, searches: number): Buckets {
  if (searches === 0) return {}
  return /gemini-[12][.-]/.test(model ?? '') ? { grounded_prompts: 1 } : { web_search_requests: searches }
}
