// Checks of one price: its meter, amounts that are not negative, divisors above zero, tiers that rise and end open. Volume
// prices are refused where only prepaid credit pays.

import type { MeterDocument, PlanDocument, PriceDocument, PriceModelDocument, TierDocument } from './document.ts'
import { openReport, type CatalogPath, type CatalogProblem, type Report } from './problem.ts'
import { checkAmount, checkId, checkName, checkQuantity, reportUnknownMeter } from './validate-field.ts'

type PriceContext = {
  readonly path: CatalogPath
  readonly plan: Pick<PlanDocument, 'id' | 'funding'>
  readonly currency: string
  readonly meters: ReadonlyMap<string, MeterDocument>
}

/** All that is wrong with a price by itself, of quantities at `scale`, outside any plan. */
export function priceModelProblems(price: PriceModelDocument, context: { readonly path: CatalogPath; readonly currency: string; readonly scale: number }): readonly CatalogProblem[] {
  const { path, currency, scale } = context
  const report = openReport()
  const meter: MeterDocument = { id: 'usage', name: 'Usage', unit: 'unit', event_type: 'usage', aggregation: 'count', properties: [], filter: {}, scale }
  validatePrice({ id: 'price', name: 'Price', meter: meter.id, ...price }, { path, currency, plan: { id: 'plan', funding: ['overage'] }, meters: new Map([[meter.id, meter]]) }, report)
  return report.problems
}

export function validatePrice(price: PriceDocument, context: PriceContext, report: Report): void {
  const { path, currency } = context
  checkId(price.id, [...path, 'id'], report)
  checkName(price.name, [...path, 'name'], report)
  const meter = context.meters.get(price.meter)
  if (meter === undefined) reportUnknownMeter(price.meter, context.meters, [...path, 'meter'], report)
  switch (price.model) {
    case 'per_unit':
    case 'package': {
      checkAmount(price.amount, currency, [...path, 'amount'], report)
      const [field, text] = price.model === 'package' ? ['size', price.size] : ['per', price.per]
      if (meter !== undefined) checkQuantity(text, meter.scale, { aboveZero: true }, [...path, field], report)
      return
    }
    case 'graduated':
    case 'volume':
      if (meter !== undefined) checkQuantity(price.per, meter.scale, { aboveZero: true }, [...path, 'per'], report)
      validateTiers(price.tiers, { ...context, path: [...path, 'tiers'], scale: meter?.scale ?? null }, report)
      if (price.model === 'volume') refuseOnWallet(context, report)
  }
}

function validateTiers(tiers: readonly TierDocument[], context: PriceContext & { readonly scale: number | null }, report: Report): void {
  const { path, currency } = context
  if (tiers.length === 0) report.error(path, 'empty_list', 'a tiered price needs at least one tier, the last one without up_to.')
  let previous: bigint | null = 0n
  for (const [index, tier] of tiers.entries()) {
    const at = [...path, index]
    checkAmount(tier.amount, currency, [...at, 'amount'], report)
    checkAmount(tier.flat, currency, [...at, 'flat'], report)
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
