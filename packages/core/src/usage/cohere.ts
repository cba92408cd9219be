// Usage of Cohere's own API (chat, embed, rerank, classify; versions 1 and 2): what is billed differs from what the model
// read, so only the billed units count.

import { addCounts, countTable, faultProblems, fieldsOf, noCounts, type Counts } from './count.ts'
import { finishUsage, noUsage, tellCircumstances, UNTOLD, type Circumstances, type ProviderUsage, type UsageFamily } from './usage.ts'

const TABLE = countTable({ input: 'input_tokens', output: 'output_tokens', image: 'image_tokens', images: 'images', searches: 'search_units', classifications: 'classifications' })

type Told = { readonly of: Circumstances; readonly counts: Counts<keyof typeof TABLE> }

export const cohere: UsageFamily<Told> = { start: { of: UNTOLD, counts: noCounts(TABLE) }, add, finish }

function add(told: Told, event: unknown): Told {
  const body = fieldsOf(event)
  // Version 2 tells usage in the body or at the end of a stream, version 1 in `meta` or inside the stream's last event.
  const places = [body['usage'], body['meta'], fieldsOf(body['delta'])['usage'], fieldsOf(body['response'])['meta']]
  return {
    of: tellCircumstances(told.of, { model: body['model'] }),
    counts: places.reduce<Told['counts']>((counts, place) => addCounts(TABLE, counts, fieldsOf(place)['billed_units']), told.counts),
  }
}

function finish({ of, counts }: Told): ProviderUsage {
  const { input, output, image, images, searches, classifications } = counts.figures
  if (!counts.isTold) return noUsage(of, 'billed_units', faultProblems(counts))
  return finishUsage(of, {
    buckets: { input: input ?? 0, output: output ?? 0, image_input: image ?? 0, images: images ?? 0, search_units: searches ?? 0, classifications: classifications ?? 0 },
    total: { counted: (input ?? 0) + (output ?? 0) + (image ?? 0), stated: null },
    problems: faultProblems(counts),
  })
}
