// What price lists would change in the rate card: models added, changed by how much, no longer listed, and those on which sources
// disagree. Pure. Sources are never merged: where two say different prices and none is preferred, the entry stays as it is, and
// both are shown. A list that no longer has a model removes nothing: its last price is better than none.

import { namesTaken, type LayeredRate, type RateDocument } from '@tollgate/core'
import { comparePrices, largestPerMille, type PriceChange } from './compare-rates.ts'
import type { ListedRate, ReadList } from './listed-rate.ts'

export type RateChange = {
  readonly action: 'added' | 'changed' | 'removed' | 'disagreeing'
  readonly provider: string
  readonly model: string
  readonly source: string
  readonly prices: readonly PriceChange[]
  /** Largest change of a price in tenths of a percent; null where a price vanished or has no percentage. Zero for an added model. */
  readonly perMille: bigint | null
  /** For a disagreement, each source and what it says. */
  readonly sources: readonly { readonly source: string; readonly perMillion: Readonly<Record<string, string>> }[]
  /** The catalog names the model: the entry would not speak. */
  readonly isOverridden: boolean
  /** Limits that the list leaves open. */
  readonly assumed: readonly string[]
  /** The entry that would be added; null where nothing would. */
  readonly rate: RateDocument | null
}

export type RatesDiff = { readonly changes: readonly RateChange[]; readonly same: number; /** Entries of providers that were not asked for. */ readonly passedOver: number }

export type DiffOptions = {
  /** Day on which the entries are compared, and from which new ones hold. */
  readonly from: string
  /** Null for the providers that the card knows. */
  readonly providers: readonly string[] | 'all' | null
  /** The source that wins a disagreement. */
  readonly prefer: string | null
}

export function diffRates(card: readonly LayeredRate[], lists: readonly ReadList[], options: DiffOptions): RatesDiff {
  const isTaken = namesTaken(card.filter(({ layer }) => layer === 'catalog').map(({ rate }) => rate))
  const wanted = options.providers === 'all' ? null : new Set(options.providers ?? card.map(({ rate }) => rate.provider))
  const said = group(lists, wanted)
  const current = inForce(card, options.from)
  const changes: RateChange[] = []
  let same = 0
  for (const [key, sayings] of said.byModel) {
    const change = changeOf(sayings, current.get(key) ?? null, options)
    if (change === null) same += 1
    else changes.push({ ...change, isOverridden: isTaken(sayings[0]!.listed.rate) })
  }
  for (const [key, { layer, rate }] of current) {
    const source = sourceName(rate)
    if (layer !== 'imported' || said.byModel.has(key) || !lists.some((list) => list.source === source) || (wanted !== null && !wanted.has(rate.provider))) continue
    changes.push({ ...NOTHING, action: 'removed', provider: rate.provider, model: rate.model, source, prices: [], perMille: 0n })
  }
  return { changes: changes.sort(byWeight), same, passedOver: said.passedOver }
}

/** `litellm, 2026-11-25` is of the source litellm. */
export function sourceName(rate: RateDocument): string {
  return (rate.source ?? '').split(',')[0]!.trim()
}

type Saying = { readonly source: string; readonly listed: ListedRate }
const NOTHING = { sources: [], isOverridden: false, assumed: [], rate: null } as const

function group(lists: readonly ReadList[], wanted: ReadonlySet<string> | null): { readonly byModel: ReadonlyMap<string, readonly Saying[]>; readonly passedOver: number } {
  const byModel = new Map<string, Saying[]>()
  let passedOver = 0
  for (const { source, rates } of lists) {
    for (const listed of rates) {
      if (wanted !== null && !wanted.has(listed.rate.provider)) {
        passedOver += 1
        continue
      }
      const key = keyOf(listed.rate)
      const sayings = byModel.get(key)
      // A list that has a model twice under two names means the first.
      if (sayings === undefined) byModel.set(key, [{ source, listed }])
      else if (!sayings.some((saying) => saying.source === source)) sayings.push({ source, listed })
    }
  }
  return { byModel, passedOver }
}

function changeOf(sayings: readonly Saying[], current: LayeredRate | null, { prefer, from }: DiffOptions): Omit<RateChange, 'isOverridden'> | null {
  const preferred = sayings.find(({ source }) => source === prefer)
  const before = current === null ? null : current.rate
  const others = preferred === undefined && current?.layer === 'imported' && !sayings.some(({ source }) => source === sourceName(current.rate)) ? [{ source: sourceName(current.rate), rate: current.rate }] : []
  const all = preferred === undefined ? [...sayings.map(({ source, listed }) => ({ source, rate: listed.rate })), ...others] : [{ source: preferred.source, rate: preferred.listed.rate }]
  const [first] = all
  const { listed, source } = preferred ?? sayings[0]!
  const { provider, model } = listed.rate
  if (all.some(({ rate }) => comparePrices(first!.rate, rate).some(({ before: a, after: b }) => a !== null && b !== null))) {
    return { ...NOTHING, action: 'disagreeing', provider, model, source: all.map((one) => one.source).join(' / '), prices: comparePrices(first!.rate, all.at(-1)!.rate), perMille: null, sources: all.map((one) => ({ source: one.source, perMillion: one.rate.per_million })) }
  }
  const rate: RateDocument = { ...listed.rate, from: listed.rate.from > from ? listed.rate.from : from, source: `${source}, ${from}` }
  if (before === null) return { ...NOTHING, action: 'added', provider, model, source, prices: comparePrices({ ...rate, per_million: {}, per_unit: {}, variants: [] }, rate), perMille: 0n, assumed: listed.assumed, rate }
  const prices = comparePrices(before, rate)
  if (prices.length === 0) return null
  // Limits that the list leaves open stay as they were known.
  const kept = { ...rate, context_window: listed.assumed.includes('context_window') ? before.context_window : rate.context_window, output_max: listed.assumed.includes('output_max') ? before.output_max : rate.output_max, aliases: [...new Set([...before.aliases, ...rate.aliases])] }
  return { ...NOTHING, action: 'changed', provider, model, source, prices, perMille: largestPerMille(prices), rate: kept }
}

/** By provider and model the entry that speaks on `day`, else the first that will. */
function inForce(card: readonly LayeredRate[], day: string): ReadonlyMap<string, LayeredRate> {
  const found = new Map<string, LayeredRate>()
  for (const one of card) {
    if (one.layer === 'catalog') continue
    const key = keyOf(one.rate)
    const known = found.get(key)
    const isBetter = known === undefined || (known.rate.from > day ? one.rate.from < known.rate.from : one.rate.from <= day && one.rate.from > known.rate.from)
    if (isBetter) found.set(key, one)
  }
  return found
}

function keyOf(rate: RateDocument): string {
  return `${rate.provider}/${rate.model}`
}

const ORDER = { disagreeing: 0, changed: 1, added: 2, removed: 3 } as const

/** What needs a look first; the largest changes before small ones. */
function byWeight(a: RateChange, b: RateChange): number {
  const weight = (change: RateChange): bigint => change.perMille ?? 1_000_000_000n
  if (a.action !== b.action) return ORDER[a.action] - ORDER[b.action]
  return weight(b) > weight(a) ? 1 : weight(b) < weight(a) ? -1 : keyOf2(a) < keyOf2(b) ? -1 : 1
}

function keyOf2({ provider, model }: RateChange): string {
  return `${provider}/${model}`
}
