// The rate card that costs are made of: the catalog's own entries, then imported ones, then those that the program ships
// (data/rate-card.yaml). The layering itself is core's; here is where the layers come from.

import { assert, layerRates, type CatalogDocument, type LayeredRate, type RateDocument } from '@tollgate/core'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readPriceList } from './read-list.ts'

let shipped: readonly RateDocument[] | null = null

/** The entries that the program ships, read once. */
export function shippedRates(): readonly RateDocument[] {
  shipped ??= readPriceList({ name: 'rate-card.yaml', content: readFileSync(join(import.meta.dirname, '../../../data/rate-card.yaml'), 'utf8') }, { from: '' }).rates.map(({ rate }) => rate)
  assert(shipped.length > 0, 'the shipped rate card is empty')
  return shipped
}

export function effectiveRates(document: Pick<CatalogDocument, 'rate_card'>, imported: readonly RateDocument[]): readonly LayeredRate[] {
  return layerRates({ catalog: document.rate_card, imported, shipped: shippedRates() })
}

/** The document as decisions and costs read it. */
export function withRates(document: CatalogDocument, imported: readonly RateDocument[]): CatalogDocument {
  return { ...document, rate_card: effectiveRates(document, imported).map(({ rate }) => rate) }
}
