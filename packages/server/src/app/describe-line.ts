// A line of an explanation as text: amounts in their asset, counts at the scale of the meter. The shell and the API say it alike.

import { formatPercent, formatQuantity, formatRatio, formatUnits, quantity, units, type AssetId, type PriceLine } from '@tollgate/core'

export type DescribedLine = {
  readonly kind: PriceLine['kind']
  readonly tier: number | null
  readonly quantity: string | null
  readonly unit_amount: string | null
  readonly per: string | null
  readonly percent: string | null
  readonly exchange_rate: string | null
  readonly amount: string
}

/** Counts of packages, seats and results are whole; amounts of which a share is taken are money; all else is at the scale. */
export function describeLine(of: PriceLine, { currency: asset, scale }: { readonly currency: AssetId; readonly scale: number | null }): DescribedLine {
  const isCounted = of.kind === 'packages' || of.kind === 'seats' || of.kind === 'outcome' || of.kind === 'flat'
  const isAmount = of.kind === 'percentage' || of.kind === 'free'
  const count = (value: bigint): string => (isCounted ? String(value) : isAmount ? formatUnits(units(value), asset) : formatQuantity(quantity(value), scale ?? 0))
  return {
    kind: of.kind, tier: of.tier, quantity: of.quantity === null ? null : count(of.quantity), unit_amount: of.unitAmount === null ? null : formatUnits(of.unitAmount, asset),
    per: of.per === null ? null : count(of.per),
    percent: of.rate === null || of.kind === 'cost' ? null : formatPercent(of.rate), exchange_rate: of.rate === null || of.kind !== 'cost' ? null : formatRatio(of.rate), amount: formatUnits(of.amount, asset),
  }
}
