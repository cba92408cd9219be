// What changes an invoice when its period closes: a list of pure functions over its lines, in this order. Amounts off the whole,
// then the minimum and the maximum that was agreed, then coupons. Each adds lines of its own, so that every step is seen; none
// takes more than is there, so an invoice is never negative. Tax and rounding come after.

import type { InvoiceLine } from '../invoice/preview.ts'
import { divideRounded } from '../decimal.ts'
import { parseUnits, roundToMinor, units, ZERO, type AssetId, type Units } from '../money.ts'
import { NONE, type Quantity } from '../quantity.ts'
import { ONE, parseShare } from '../rating/ratio.ts'
import type { RedeemedCoupon } from './coupon.ts'
import type { CommitmentDocument, TermsDocument } from './document.ts'

export type CloseContext = {
  readonly currency: AssetId
  readonly plan: string
  readonly terms: TermsDocument | null
  /** Where the commitment's window stands; null without a commitment. */
  readonly commitment: CommitmentState | null
  /** In the order of their redemption. */
  readonly coupons: readonly RedeemedCoupon[]
}

export type CommitmentState = {
  /** What counted in the window before this period. */
  readonly earlier: Units
  /** This period is the last of the window: what is missing is due now. */
  readonly isLast: boolean
}

type Lines = readonly InvoiceLine[]
type CloseStep = (lines: Lines, context: CloseContext) => Lines

export const AT_CLOSE: readonly CloseStep[] = [takeAmounts, trueUpMinimum, capMaximum, takeCoupons]

/** The lines with those that the close adds. */
export function closeLinesOf(lines: Lines, context: CloseContext): Lines {
  return AT_CLOSE.reduce((closed, step) => step(closed, context), lines)
}

/** What counts towards a commitment: usage and what is taken off it, or everything. */
export function countedOf(lines: Lines, counts: CommitmentDocument['counts']): Units {
  return sum(lines.filter(({ kind }) => kind !== 'commitment' && kind !== 'coupon' && (counts === 'all' || kind !== 'fee')))
}

function takeAmounts(lines: Lines, { terms, plan, currency }: CloseContext): Lines {
  const discounts = (terms?.discounts ?? []).filter(({ on, of, amount }) => amount !== null && (on === 'all' || (on === 'plan' && of === plan)))
  return discounts.reduce<Lines>((kept, { id, name, amount }) => take(kept, { kind: 'discount', id, name }, parseUnits(amount!, currency, `discounts.${id}`), currency), lines)
}

function trueUpMinimum(lines: Lines, { terms, commitment, currency }: CloseContext): Lines {
  const agreed = terms?.commitment ?? null
  if (agreed === null || agreed.minimum === null || commitment === null || !commitment.isLast) return lines
  const missing = parseUnits(agreed.minimum, currency, 'commitment.minimum') - commitment.earlier - countedOf(lines, agreed.counts)
  return missing <= 0n ? lines : [...lines, adjustment({ kind: 'commitment', id: 'minimum', name: 'Up to the minimum commitment' }, units(missing), currency)]
}

function capMaximum(lines: Lines, { terms, commitment, currency }: CloseContext): Lines {
  const agreed = terms?.commitment ?? null
  if (agreed === null || agreed.maximum === null || commitment === null) return lines
  const counted = countedOf(lines, agreed.counts)
  const above = commitment.earlier + counted - parseUnits(agreed.maximum, currency, 'commitment.maximum')
  const taken = above < counted ? above : counted
  return taken <= 0n ? lines : [...lines, adjustment({ kind: 'commitment', id: 'maximum', name: 'Above the agreed maximum' }, units(-taken), currency)]
}

function takeCoupons(lines: Lines, { coupons, plan, currency }: CloseContext): Lines {
  return coupons.filter(({ plans }) => plans === null || plans.includes(plan)).reduce<Lines>((kept, coupon) => {
    if (coupon.amount !== null && coupon.currency !== currency) return kept
    const off = coupon.amount === null ? divideRounded(sum(kept) * parseShare(coupon.percent ?? '0', 'percent'), ONE) : parseUnits(coupon.amount, currency, 'amount')
    return take(kept, { kind: 'coupon', id: coupon.code, name: coupon.name }, units(off), currency)
  }, lines)
}

type Step = { readonly kind: 'discount' | 'commitment' | 'coupon'; readonly id: string; readonly name: string }

/** A line that takes `off`, at most what is left; none where nothing is. */
function take(lines: Lines, step: Step, off: Units, currency: AssetId): Lines {
  const left = sum(lines)
  const taken = off < left ? off : left
  return taken <= 0n ? lines : [...lines, adjustment(step, units(-taken), currency)]
}

function adjustment({ kind, id, name }: Step, exact: Units, currency: AssetId): InvoiceLine {
  return { kind, price: id, entry: '', name, quantity: 1n as Quantity, included: NONE, billable: 1n as Quantity, scale: 0, events: 0, opening: ZERO, exact, amount: roundToMinor(exact, currency) }
}

function sum(lines: Lines): Units {
  return units(lines.reduce((total: bigint, { exact }) => total + exact, 0n))
}
