// Checks of one price: its meter, amounts that are not negative, divisors above zero, tiers that rise and end open, choices that
// exclude each other. Volume prices are refused where only prepaid credit pays.

import { canFitTogether } from '../rating/compile-price.ts'
import { assetScale } from '../money.ts'
import { OTHERWISE } from '../rating/matrix.ts'
import { isRecurring, type EventPriceDocument, type PriceDocument, type PriceModelDocument, type SelectedPriceDocument, type TierDocument, type UsagePriceDocument } from '../rating/price-document.ts'
import { parsePercent } from '../rating/ratio.ts'
import type { MeterDocument, PlanDocument } from './document.ts'
import { openReport, type CatalogPath, type CatalogProblem, type Report } from './problem.ts'
import { attempt, checkAmount, checkId, checkName, checkQuantity, checkUnique, reportUnknownMeter } from './validate-field.ts'

export type PriceContext = {
  readonly path: CatalogPath
  readonly plan: Pick<PlanDocument, 'id' | 'funding'>
  /** Of the catalog: what is due for time is in it. */
  readonly currency: string
  /** What the plan's usage is priced in. */
  readonly asset: string
  readonly meters: ReadonlyMap<string, MeterDocument>
}

/** Where a price of usage is checked: `scale` is null when its meter is not known. */
type UsageContext = PriceContext & { readonly scale: number | null }

/** All that is wrong with a price by itself, of quantities at `scale`, outside any plan. */
export function priceModelProblems(price: PriceModelDocument, context: { readonly path: CatalogPath; readonly currency: string; readonly scale: number }): readonly CatalogProblem[] {
  const { path, currency, scale } = context
  const report = openReport()
  const meter: MeterDocument = { id: 'usage', name: 'Usage', unit: 'unit', event_type: 'usage', aggregation: 'count', properties: [], filter: {}, scale }
  validatePrice({ id: 'price', name: 'Price', meter: meter.id, ...price }, { path, currency, asset: currency, plan: { id: 'plan', funding: ['overage'] }, meters: new Map([[meter.id, meter]]) }, report)
  return report.problems
}

export function validatePrice(price: PriceDocument, context: PriceContext, report: Report): void {
  const { path, currency } = context
  checkId(price.id, [...path, 'id'], report)
  checkName(price.name, [...path, 'name'], report)
  if (isRecurring(price)) {
    checkAmount(price.amount, currency, [...path, 'amount'], report)
    return
  }
  const meter = context.meters.get(price.meter)
  if (meter === undefined) reportUnknownMeter(price.meter, context.meters, [...path, 'meter'], report)
  checkConditions(price.when ?? {}, [...path, 'when'], report)
  if (meter !== undefined) refuseNotAdditive(price, meter, path, report)
  const within = { ...context, scale: meter?.scale ?? null }
  switch (price.model) {
    case 'per_unit':
    case 'graduated':
    case 'volume':
    case 'package':
      return validateModel(price, within, report)
    case 'matrix':
    case 'credits':
      return validateSelected(price, within, report)
    default:
      return validateByEvent(price, within, report)
  }
}

/** What such a meter says is one figure of the period, not a sum over events: nothing of it belongs to an event's dimensions. */
function refuseNotAdditive(price: UsagePriceDocument, meter: MeterDocument, path: CatalogPath, report: Report): void {
  if (ADDITIVE.has(meter.aggregation)) return
  const isCumulative = CUMULATIVE.has(price.model)
  if (isCumulative && Object.keys(price.when ?? {}).length === 0) return
  const why = isCumulative ? 'no conditions (when)' : `a price of model ${[...CUMULATIVE].join(', ')}`
  report.error([...path, isCumulative ? 'when' : 'model'], 'not_additive', `meter ${meter.id} (${meter.aggregation}) is one figure for the whole period, so it takes ${why}: filter the meter instead.`)
}

const ADDITIVE: ReadonlySet<string> = new Set(['sum', 'count'])
const CUMULATIVE: ReadonlySet<string> = new Set(['per_unit', 'graduated', 'volume', 'package'])

function validateModel(price: PriceModelDocument, context: UsageContext, report: Report): void {
  const { path, asset, scale } = context
  switch (price.model) {
    case 'per_unit':
    case 'package': {
      checkAmount(price.amount, asset, [...path, 'amount'], report)
      const [field, text] = price.model === 'package' ? ['size', price.size] : ['per', price.per]
      if (scale !== null) checkQuantity(text, scale, { aboveZero: true }, [...path, field], report)
      return
    }
    case 'graduated':
    case 'volume':
      if (scale !== null) checkQuantity(price.per, scale, { aboveZero: true }, [...path, 'per'], report)
      validateTiers(price.tiers, { ...context, path: [...path, 'tiers'] }, report)
      if (price.model === 'volume') refuseOnWallet(context, report)
  }
}

function validateTiers(tiers: readonly TierDocument[], context: UsageContext, report: Report): void {
  const { path, asset } = context
  if (tiers.length === 0) report.error(path, 'empty_list', 'a tiered price needs at least one tier, the last one without up_to.')
  let previous: bigint | null = 0n
  for (const [index, tier] of tiers.entries()) {
    const at = [...path, index]
    checkAmount(tier.amount, asset, [...at, 'amount'], report)
    checkAmount(tier.flat, asset, [...at, 'flat'], report)
    const isLast = index === tiers.length - 1
    if (isLast && tier.up_to !== null) report.error([...at, 'up_to'], 'last_tier_closed', `usage above ${tier.up_to} would have no price: leave up_to out in the last tier.`)
    if (!isLast && tier.up_to === null) report.error(at, 'tier_not_last', 'only the last tier is open: give this one an up_to.')
    if (tier.up_to === null || context.scale === null) continue
    const upTo = checkQuantity(tier.up_to, context.scale, { aboveZero: true }, [...at, 'up_to'], report)
    if (upTo !== null && previous !== null && upTo <= previous && index > 0) {
      report.error([...at, 'up_to'], 'tiers_unordered', `tiers must rise: up_to ${tier.up_to} is not above that of the tier before, so the two overlap.`)
    }
    previous = upTo ?? previous
  }
}

/** A tier's discount comes back as a negative charge, a dearer tier re-prices what was paid: a prepaid balance cannot follow. */
function refuseOnWallet(context: PriceContext, report: Report): void {
  const { funding, id } = context.plan
  if (!funding.includes('wallet') || funding.includes('overage')) return
  report.error([...context.path, 'model'], 'volume_on_wallet', `a volume price changes what earlier units cost when the total enters another tier, and plan ${id} is paid from a prepaid wallet, whose balance must be exact at each request. Use graduated, or add overage to the funding.`)
}

function validateSelected(price: SelectedPriceDocument, context: UsageContext, report: Report): void {
  const { path, asset, scale } = context
  if (price.entries.length === 0 && price.otherwise === null) report.error([...path, 'entries'], 'empty_list', 'it would price nothing: list entries, or give it an otherwise.')
  checkUnique(price.entries.map(({ id }) => id), { what: 'entry', path: [...path, 'entries'], field: 'id' }, report)
  for (const [index, { id, when }] of price.entries.entries()) {
    const at = [...path, 'entries', index]
    checkId(id, [...at, 'id'], report)
    if (id === OTHERWISE) report.error([...at, 'id'], 'duplicate_id', `${OTHERWISE} is the id of the default: give the entry another one.`)
    checkConditions(when, [...at, 'when'], report)
    if (Object.keys(when).length === 0) report.error([...at, 'when'], 'empty_list', 'an entry without conditions fits everything: write it as otherwise.')
    const twin = price.entries.slice(0, index).find((other) => canFitTogether(other, { when }))
    if (twin !== undefined) {
      report.error([...at, 'when'], 'ambiguous_entries', `entries ${twin.id} and ${id} have as many conditions and may fit the same usage, so neither wins: add an entry for what both fit, or make them exclude each other.`)
    }
  }
  if (price.model === 'credits') {
    if (scale !== null) checkQuantity(price.per, scale, { aboveZero: true }, [...path, 'per'], report)
    for (const [index, { credits }] of price.entries.entries()) checkAmount(credits, asset, [...path, 'entries', index, 'credits'], report)
    if (price.otherwise !== null) checkAmount(price.otherwise, asset, [...path, 'otherwise'], report)
    return
  }
  const choices = [...price.entries.map(({ price: of }, index) => ({ of, at: [...path, 'entries', index, 'price'] })), ...(price.otherwise === null ? [] : [{ of: price.otherwise, at: [...path, 'otherwise'] }])]
  for (const { of, at } of choices) {
    validateModel(of, { ...context, path: at }, report)
    if ('tiers' in of && Number(of.tiers[0]?.flat ?? 0) !== 0) report.error([...at, 'tiers', 0, 'flat'], 'flat_in_entry', 'the first tier of an entry has no flat fee, because nobody knows which entries a period will use: make it a price of its own, with model flat.')
  }
}

/** A percentage and a dynamic price read the meter as money; cost-plus and outcome look at the event alone. */
function validateByEvent(price: EventPriceDocument, context: UsageContext, report: Report): void {
  const { path, asset, scale } = context
  const amount = (text: string | null, field: string): bigint | null => (text === null ? null : checkAmount(text, asset, [...path, field], report))
  const readsMoney = price.model === 'percentage' || price.model === 'dynamic'
  if (readsMoney && scale !== null && scale > assetScale(asset)) {
    report.error([...path, 'meter'], 'scale_too_fine', `its meter counts money with ${scale} decimal places, and ${asset} has ${assetScale(asset)}: give the meter a scale of at most that.`)
  }
  switch (price.model) {
    case 'percentage':
      checkPercent(price.percent, [...path, 'percent'], report)
      amount(price.fixed, 'fixed')
      if (price.free_amount !== null && scale !== null) checkQuantity(price.free_amount, scale, { aboveZero: false }, [...path, 'free_amount'], report)
      return checkBounds(amount(price.minimum, 'minimum'), amount(price.maximum, 'maximum'), path, report)
    case 'cost_plus':
      checkPercent(price.margin_percent, [...path, 'margin_percent'], report)
      amount(price.minimum, 'minimum')
      if (asset !== context.currency) report.error([...path, 'model'], 'asset_mismatch', `cost-plus gives money, and the plan's usage is priced in ${asset}: use a plan in ${context.currency}, or a multiplier matrix.`)
      return
    case 'dynamic':
      return checkBounds(amount(price.minimum, 'minimum'), amount(price.maximum, 'maximum'), path, report)
    case 'outcome':
      amount(price.amount, 'amount')
  }
}

function checkPercent(text: string, path: CatalogPath, report: Report): void {
  attempt(() => parsePercent(text, String(path.at(-1))), path, report)
}

function checkBounds(minimum: bigint | null, maximum: bigint | null, path: CatalogPath, report: Report): void {
  if (minimum !== null && maximum !== null && minimum > maximum) report.error([...path, 'minimum'], 'out_of_range', 'minimum is above maximum.')
}

function checkConditions(when: Readonly<Record<string, readonly string[]>>, path: CatalogPath, report: Report): void {
  for (const [dimension, accepted] of Object.entries(when)) {
    if (accepted.length === 0) report.error([...path, dimension], 'empty_list', `no value of ${dimension} is accepted, so nothing would fit.`)
  }
}
