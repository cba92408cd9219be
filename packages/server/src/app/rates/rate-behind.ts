// Which entry of which rate card the provider cost of a request was made of. An event names its catalog version, and that names the imported
// rates that it is used with: from both the entry is found as the gateway found it. An entry that the program ships is told as it ships today.

import { compileRateCard, matchRate, rateName, type RateLayer } from '@tollgate/core'
import { catalogVersion } from '../../store/catalogs.ts'
import type { RecentEvent } from '../../store/insight.ts'
import { importedRates } from '../../store/rate-cards.ts'
import type { ControlPlane } from '../control-plane.ts'
import { METERED_BY_US } from '../settlement/note-unpriced.ts'
import { effectiveRates } from './effective-rates.ts'

export type RateBehind = { /** Version of the imported rates; 0 before the first. */ readonly importedVersion: number; /** Such as `openai/gpt-5@2026-01-01`. */ readonly entry: string; readonly layer: RateLayer }

/** Null where no rate of ours made the cost: it is not known, came with the event, or a stored answer was replayed. */
export async function rateBehind({ sql }: Pick<ControlPlane, 'sql'>, event: Pick<RecentEvent, 'source' | 'cost' | 'dimensions' | 'catalogVersion' | 'time'>): Promise<RateBehind | null> {
  if (event.source !== METERED_BY_US || event.cost === null || event.dimensions['cache_status'] === 'hit') return null
  const row = await catalogVersion(sql, event.catalogVersion)
  if (row === null) return null
  const entries = effectiveRates(row.document, (await importedRates(sql, row.ratesVersion)) ?? [])
  const card = compileRateCard(entries.map(({ rate }) => rate))
  const { model, model_returned: returned } = event.dimensions
  const asked = row.document.gateway.models.find(({ name }) => name === model)?.model ?? model
  for (const name of [returned, asked]) {
    const rate = name === undefined ? undefined : matchRate(card, name, event.time)?.rate
    if (rate === undefined) continue
    const entry = rateName(rate)
    const layer = entries.find(({ rate: own }) => `${own.provider}/${own.model}@${own.from}` === entry)?.layer
    return layer === undefined ? null : { importedVersion: row.ratesVersion, entry, layer }
  }
  return null
}
