// The burn order of a wallet: a short list of criteria, of which the first that tells two blocks apart decides. What a list leaves
// out follows in the usual order, and last comes the id, so that any list orders any blocks, the same on every machine.

import type { CreditBlock } from './block.ts'
import { compareWallets } from './wallet.ts'

export const BURN_CRITERIA = ['priority', 'expiry', 'promotional', 'paid', 'effective', 'created', 'newest'] as const
/**
 * `priority`: the lower number first. `expiry`: what ends sooner first, what never ends last. `promotional`: given before bought; `paid`:
 * bought before given. `effective`: what began earlier first. `created`: what was added earlier first; `newest`: what was added later.
 */
export type BurnCriterion = (typeof BURN_CRITERIA)[number]
export type BurnOrder = readonly BurnCriterion[]

export const BURN_ORDER_DEFAULT: BurnOrder = ['priority', 'expiry', 'promotional', 'effective', 'created']

type Compare = (a: CreditBlock, b: CreditBlock) => number

const COMPARE: Readonly<Record<BurnCriterion, Compare>> = {
  priority: (a, b) => a.priority - b.priority,
  // Two that never end are told apart by something else: their difference is no number, which `||` passes over.
  expiry: (a, b) => (a.expiresAt ?? Infinity) - (b.expiresAt ?? Infinity),
  promotional: (a, b) => Number(a.category === 'paid') - Number(b.category === 'paid'),
  paid: (a, b) => Number(b.category === 'paid') - Number(a.category === 'paid'),
  effective: (a, b) => a.effectiveAt - b.effectiveAt,
  created: (a, b) => a.createdAt - b.createdAt,
  newest: (a, b) => b.createdAt - a.createdAt,
}

/** Two that say the opposite of each other. */
const OPPOSITE: Partial<Record<BurnCriterion, BurnCriterion>> = { promotional: 'paid', paid: 'promotional', created: 'newest', newest: 'created' }

/** What is wrong with a list; null where nothing is. */
export function burnOrderProblem(order: BurnOrder): string | null {
  for (const [index, criterion] of order.entries()) {
    if (order.indexOf(criterion) !== index) return `${criterion} stands in it twice`
    const opposite = OPPOSITE[criterion]
    if (opposite !== undefined && order.includes(opposite)) return `${criterion} and ${opposite} say the opposite of each other`
  }
  return null
}

/** The list with what it leaves out. */
export function wholeBurnOrder(order: BurnOrder): BurnOrder {
  return [...order, ...BURN_ORDER_DEFAULT.filter((criterion) => !order.includes(criterion) && !order.includes(OPPOSITE[criterion] ?? criterion))]
}

const comparators = new WeakMap<BurnOrder, Compare>()

/** What burns earlier comes first: by wallet, then by the order. Made once for each list, which is shared by all events of a plan. */
export function burnComparator(order: BurnOrder = BURN_ORDER_DEFAULT): Compare {
  const known = comparators.get(order)
  if (known !== undefined) return known
  const criteria = wholeBurnOrder(order).map((criterion) => COMPARE[criterion])
  const made: Compare = (a, b) => {
    let result = compareWallets(a, b)
    for (const compare of criteria) result ||= compare(a, b)
    return result || (a.id < b.id ? -1 : 1)
  }
  comparators.set(order, made)
  return made
}
