// The budgets that nodes name, as this side knows them: a limit, a unit or a period is never taken from a node's word.

import { budgetOf, walletOf, type Budget, type Clock, type LeaseNeed, type LeaseRequest, type ReturnedLease } from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { customerVersions } from '../../store/customers.ts'
import { budgetScale, type CustomerContext, type CustomerContexts } from '../customer-contexts.ts'
import { nowOf } from '../customer-time.ts'
import { budgetKeyText } from '../../store/leases.ts'
import { carriesOver, openNamed } from '../open-budgets.ts'

export type InForceParts = { readonly contexts: CustomerContexts; readonly clock: Clock }

export type BudgetUse = { readonly unit: Budget['unit']; readonly scale: number; readonly enforcement: Budget['enforcement'] }

type Named = { readonly budget: Budget; readonly context: CustomerContext }

export type NeedsInForce = {
  /** Of each request, null where one of its budgets is not in force any more. */
  readonly needs: readonly (readonly LeaseNeed[] | null)[]
  /** Makes the rows that may be missing: those that nobody has seen yet, and those that take over what was left before. */
  readonly open: () => Promise<void>
  /** The transaction has committed: all of the rows are there. */
  readonly committed: () => void
}

/** Rows that are known to be there: opening them again would only cost time. Those of ended periods are deleted, and asked for by nobody. */
export type OpenRows = Set<string>

/** Rows that are remembered; past it all are looked at again. */
const OPEN_ROWS_MAX = 200_000

export async function needsInForce(tx: Transaction, parts: InForceParts & { readonly opened: OpenRows }, versions: ReadonlyMap<string, number>, requests: readonly LeaseRequest[]): Promise<NeedsInForce> {
  const facts = await parts.contexts.facts(tx, versions)
  const named: Named[] = []
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
  return {
    needs,
    open: async () => {
      const wanted = named.filter((one) => !parts.opened.has(rowKey(one)) || carriesOver(one))
      const inOrder = wanted.sort((a, b) => (a.context.snapshot.customer < b.context.snapshot.customer ? -1 : 1))
      if (inOrder.length > 0) await openNamed(tx, inOrder, (customer, at) => parts.contexts.at(facts.get(customer)!, at))
    },
    committed: () => {
      if (parts.opened.size > OPEN_ROWS_MAX) parts.opened.clear()
      for (const one of named) parts.opened.add(rowKey(one))
    },
  }
}

function rowKey({ budget, context }: Named): string {
  return budgetKeyText({ customer: context.snapshot.customer, budget: budget.id, periodStart: budget.period.start })
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
  if (id.startsWith('wallet:')) return { unit: { kind: 'money', asset: walletOf(id).asset }, scale: 12, enforcement: 'hard' }
  return { unit: { kind: 'meters', meters: [], scale: 0, name: '' }, scale: 0, enforcement: 'hard' }
}
