// Usage of image generation in OpenAI's format: tokens where the answer tells them, else the images themselves, whose price
// goes by quality and size. Those stand in the answer of newer models; for older ones the caller adds them as labels.

import { addCounts, countTable, faultProblems, fieldsOf, listOf, mismatch, missing, noCounts, type Counts } from './count.ts'
import { splitInput, splitOutput } from './split.ts'
import { finishUsage, noUsage, tellCircumstances, UNTOLD, type Circumstances, type ProviderUsage, type UsageFamily, type UsageProblem } from './usage.ts'

const TABLE = countTable({
  input: 'input_tokens', output: 'output_tokens', total: 'total_tokens',
  cached: 'input_tokens_details.cached_tokens', imageInput: 'input_tokens_details.image_tokens', textOutput: 'output_tokens_details.text_tokens',
})

type Told = { readonly of: Circumstances; readonly counts: Counts<keyof typeof TABLE>; readonly images: number }

export const openaiImages: UsageFamily<Told> = { start: { of: UNTOLD, counts: noCounts(TABLE), images: 0 }, add, finish }

function add(told: Told, event: unknown): Told {
  const body = fieldsOf(event)
  return {
    of: tellCircumstances(told.of, { model: body['model'], labels: { quality: body['quality'], size: body['size'] } }),
    counts: addCounts(TABLE, told.counts, body['usage']),
    images: Math.max(told.images, listOf(body['data']).length),
  }
}

function finish({ of, counts, images }: Told): ProviderUsage {
  const { figures } = counts
  const problems: UsageProblem[] = faultProblems(counts)
  if (!counts.isTold) return images === 0 ? noUsage(of, 'usage', problems) : finishUsage(of, { buckets: { images }, total: { counted: 0, stated: null }, problems })
  if (figures.input === null) problems.push(missing('input_tokens'))
  if (figures.output === null) problems.push(missing('output_tokens'))
  const whole = figures.output ?? 0
  const input = splitInput({
    whole: figures.input ?? 0, audio: 0, image: figures.imageInput ?? 0, video: 0, cached: figures.cached ?? 0, cachedAudio: 0, cachedImage: 0, cachedVideo: 0, cacheWrite: 0,
  }, 'input_tokens')
  // Output is the image unless the answer says that a part of it is text.
  const output = splitOutput({ whole, reasoning: 0, audio: 0, image: Math.max(0, whole - (figures.textOutput ?? 0)) }, 'output_tokens')
  const counted = (figures.input ?? 0) + whole
  if (figures.total !== null && figures.total !== counted) problems.push(mismatch('total_tokens', counted, figures.total))
  return finishUsage(of, { buckets: { ...input.buckets, ...output.buckets }, total: { counted, stated: figures.total }, problems: [...problems, ...input.problems, ...output.problems] })
}
