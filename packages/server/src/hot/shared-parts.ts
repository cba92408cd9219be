// What many customers have in common is kept once: budgets of one plan, what it entitles to, the trees that are empty. A node
// that serves thousands of customers then decides out of few objects, which its processor has at hand, instead of thousands of
// equal ones. Equal is what reads the same as JSON; snapshots are never changed, so sharing shows nowhere.

import type { Budget, CustomerSnapshot, FundingSource } from '@tollgate/core'

export type SharedParts = { readonly share: (snapshot: CustomerSnapshot) => CustomerSnapshot }

/** Different parts that are remembered; past it all are forgotten, and what comes then is kept once among itself. */
const PARTS_MAX = 20_000
/** A customer with more limits than this has its own: comparing them would take longer than it saves. */
const LIMITS_SHARED_MAX = 64

export function createSharedParts(): SharedParts {
  const parts = new Map<string, unknown>()
  function one<Part>(part: Part): Part {
    const text = JSON.stringify(part)
    const known = parts.get(text)
    if (known !== undefined) return known as Part
    if (parts.size >= PARTS_MAX) parts.clear()
    parts.set(text, part)
    return part
  }
  const budget = (own: Budget): Budget => one({ ...own, unit: one(own.unit), period: one(own.period) })
  const source = (own: FundingSource): FundingSource => one(own.kind === 'overage' ? own : { ...own, budget: budget(own.budget) })
  return {
    share: (own) => ({
      ...own,
      limits: own.limits.length > LIMITS_SHARED_MAX ? own.limits : one(own.limits.map(budget)),
      funding: one(own.funding.map(source)),
      entitlements: one(own.entitlements),
      usable: one(own.usable),
      period: one(own.period),
    }),
  }
}
