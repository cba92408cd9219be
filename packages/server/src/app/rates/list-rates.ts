// What is on the rate card: entries in force with the layer that they come from, all that is dated for one model, and models that
// answered without a price.

import { compileRateCard, matchRate, type Instant, type LayeredRate, type RateMatch } from '@tollgate/core'
import { catalogAt } from '../../store/catalogs.ts'
import { latestRateCard, listUnpriced, type UnpricedRow } from '../../store/rate-cards.ts'
import { EMPTY_CATALOG } from '../catalogs.ts'
import type { ControlPlane } from '../control-plane.ts'
import { effectiveRates } from './effective-rates.ts'

export type CardInForce = { readonly catalogVersion: number; readonly importedVersion: number; readonly entries: readonly LayeredRate[] }

/** All entries, dated ones of the past and future too. */
export async function wholeCard(plane: ControlPlane): Promise<CardInForce> {
  const [catalog, imported] = await Promise.all([catalogAt(plane.sql, plane.clock.now()), latestRateCard(plane.sql)])
  return { catalogVersion: catalog?.version ?? 0, importedVersion: imported?.version ?? 0, entries: effectiveRates(catalog?.document ?? EMPTY_CATALOG, imported?.rates ?? []) }
}

/** By provider and model the entry that speaks at `at`. */
export function entriesAt(card: CardInForce, at: Instant): readonly LayeredRate[] {
  const day = new Date(at).toISOString().slice(0, 10)
  const newest = new Map<string, LayeredRate>()
  for (const entry of card.entries) {
    const key = `${entry.rate.provider}/${entry.rate.model}`
    const known = newest.get(key)
    if (entry.rate.from <= day && (known === undefined || entry.rate.from > known.rate.from)) newest.set(key, entry)
  }
  return [...newest.values()].sort((a, b) => (`${a.rate.provider}/${a.rate.model}` < `${b.rate.provider}/${b.rate.model}` ? -1 : 1))
}

export type ShownModel = { readonly card: CardInForce; readonly match: RateMatch | null; /** The entry that speaks. */ readonly inForce: LayeredRate | null; readonly entries: readonly LayeredRate[] }

/** How the card answers for a model name, and every dated entry of what it found. */
export async function showModel(plane: ControlPlane, input: { readonly model: string; readonly provider: string | null; readonly at: Instant }): Promise<ShownModel> {
  const card = await wholeCard(plane)
  const match = matchRate(compileRateCard(card.entries.map(({ rate }) => rate)), input.model, input.at, input.provider)
  const entries = card.entries
    .filter(({ rate }) => (match === null ? rate.model === input.model : rate.model === match.rate.model && rate.provider === match.rate.provider))
    .sort((a, b) => (a.rate.from < b.rate.from ? 1 : -1))
  const from = match === null ? null : new Date(match.rate.from).toISOString().slice(0, 10)
  return { card, match, inForce: entries.find(({ rate }) => rate.from === from) ?? null, entries }
}

const UNPRICED_SHOWN = 200

export function unpricedModels(plane: ControlPlane): Promise<readonly UnpricedRow[]> {
  return listUnpriced(plane.sql, UNPRICED_SHOWN)
}
