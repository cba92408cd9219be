// The budgets that nodes name, as this side knows them: a limit, a unit or a period is never taken from a node's word.

import { budgetOf, type Budget, type Clock, type LeaseNeed, type LeaseRequest, type ReturnedLease } from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { customerVersions } from '../../store/customers.ts'
import { budgetScale, type CustomerContext, type CustomerContexts } from '../customer-contexts.ts'
import { nowOf } from '../customer-time.ts'
import { openNamed } from '../open-budgets.ts'

export type InForceParts = { readonly contexts: CustomerContexts; readonly clock: Clock }

export type BudgetUse = { readonly unit: Budget['unit']; readonly scale: number; readonly enforcement: Budget['enforcement'] }

/** Of each request its needs on the budgets in force, or null where one of them is not in force any more. Their rows exist afterwards. */
export async function needsInForce(tx: Transaction, parts: InForceParts, requests: readonly LeaseRequest[]): Promise<(readonly LeaseNeed[] | null)[]> {
  const facts = await parts.contexts.facts(tx, await customerVersions(tx, [...new Set(requests.map(({ customer }) => customer))]))
  const named: { readonly budget: Budget; readonly context: CustomerContext }[] = []
  const needs = requests.map(({ customer, budgets }) => {
    const known = facts.get(customer)
    if (known === undefined) return null
    const now = nowOf(parts, known)
    const found: LeaseNeed[] = []
    for (const need of budgets) {
      const { id, period } = need.budget
      const at = period.start <= now && now < period.end ? now : period.start
      const context = parts.contexts.at(known, at)
      const budget = budgetOf(context.snapshot, id, at)
      if (budget === undefined || budget.period.start !== period.start) return null
      named.push({ budget, context })
      found.push({ ...need, budget })
    }
    return found
  })
  const inOrder = named.sort((a, b) => (a.context.snapshot.customer < b.context.snapshot.customer ? -1 : 1))
  await openNamed(tx, inOrder, (customer, at) => parts.contexts.at(facts.get(customer)!, at))
  return needs
}

/** Units of budgets that are or were lent, by customer, id and period. */
export async function unitsInForce(tx: Transaction, parts: InForceParts, leases: readonly Pick<ReturnedLease, 'customer' | 'budget' | 'periodStart'>[]): Promise<(lease: Pick<ReturnedLease, 'customer' | 'budget' | 'periodStart'>) => BudgetUse> {
  const facts = await parts.contexts.facts(tx, await customerVersions(tx, [...new Set(leases.map(({ customer }) => customer))]))
  return ({ customer, budget: id, periodStart }) => {
    const known = facts.get(customer)
    const at = periodStart === 0 ? (known === undefined ? parts.clock.now() : nowOf(parts, known)) : periodStart
    const budget = known === undefined ? undefined : budgetOf(parts.contexts.at(known, at).snapshot, id, at)
    return budget === undefined ? unitByName(id) : { unit: budget.unit, scale: budgetScale(budget), enforcement: budget.enforcement }
  }
}

/** A budget of a plan that was left: meter units, whole ones, since a plan's quotas count tokens and requests. */
function unitByName(id: string): BudgetUse {
  if (id.startsWith('wallet:')) return { unit: { kind: 'money', asset: id.slice('wallet:'.length) }, scale: 12, enforcement: 'hard' }
  return { unit: { kind: 'meters', meters: [], scale: 0, name: '' }, scale: 0, enforcement: 'hard' }
}
