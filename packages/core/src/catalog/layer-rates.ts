// One rate card out of three layers: what the operator's catalog says, what was imported from public price lists, and what the
// program ships. A name that the catalog has is the catalog's alone, whatever its dates; among imported and shipped entries of
// one provider and model the newest that has begun speaks, and on the same day the imported one. Nothing is averaged.

import { matchesPattern } from '../rating/rate-match.ts'
import type { RateDocument } from './document.ts'

export type RateLayer = 'catalog' | 'imported' | 'shipped'
export type LayeredRate = { readonly layer: RateLayer; readonly rate: RateDocument }
export type RateLayers = Readonly<Record<RateLayer, readonly RateDocument[]>>

/** The entries that can ever speak, each with its layer, the catalog's first. */
export function layerRates(layers: RateLayers): readonly LayeredRate[] {
  const isTaken = namesTaken(layers.catalog)
  const imported = layers.imported.filter((rate) => !isTaken(rate))
  const days = new Set(imported.map(dayOf))
  const shipped = layers.shipped.filter((rate) => !isTaken(rate) && !days.has(dayOf(rate)))
  return [
    ...layers.catalog.map((rate) => ({ layer: 'catalog' as const, rate })),
    ...imported.map((rate) => ({ layer: 'imported' as const, rate })),
    ...shipped.map((rate) => ({ layer: 'shipped' as const, rate })),
  ]
}

/** What tells two entries apart: who sells what, from which day on. */
export function rateKey(rate: Pick<RateDocument, 'provider' | 'model' | 'from'>): string {
  return `${rate.provider}/${rate.model}@${rate.from}`
}

/** Whether any of `rates` names the model of an entry, by id, alias or pattern. */
export function namesTaken(rates: readonly RateDocument[]): (rate: RateDocument) => boolean {
  const names = new Set(rates.flatMap(({ model, aliases }) => [model, ...aliases]))
  const patterns = rates.flatMap((rate) => rate.patterns ?? [])
  return ({ model }) => names.has(model) || patterns.some((pattern) => matchesPattern(pattern, model))
}

function dayOf(rate: RateDocument): string {
  return rateKey(rate)
}
