// Asks the authority for what a customer's requests miss: one call at a time, shared by all who wait.

import { assert, assetScale, formatDecimal, freeOf, grant, holdToExact, instant, parseDecimal, type AuthorityRefusal, type Budget, type Decision, type Slice } from '@tollgate/core'
import { foldUsed, leaseAhead, sliceFor, takePast, timeOf, type CustomerState } from './customer-state.ts'
import type { Inside } from './inside.ts'

/** How long a refusal is believed. A top-up drops it at once; this is for a push that was lost. */
const REFUSAL_BELIEVED_MS = 1_000
/** An allowance with nothing left mostly stays so, and what changes it is pushed, except another node's giving back. */
const EXHAUSTION_BELIEVED_MS = 5_000

/** One call per customer at a time: those who come meanwhile wait for it and look at their slices again. */
export function acquire(node: Inside, state: CustomerState, needs: Extract<Decision, { kind: 'miss' }>['needs']): Promise<void> {
  if (!node.parts.licence.isValid()) return node.parts.licence.renew()
  if (state.acquiring !== null) return state.acquiring
  node.counts.acquires += 1
  // The slice of a period that is over makes way; what it has left must be back before more is asked for.
  for (const { budget } of needs) sliceFor(state, budget)
  const past = takePast(state)
  if (past.length > 0) node.memory.bringBack(state, past).catch(() => undefined)
  const budgets = needs.map((need) => leaseAhead(state, need, timeOf(node, state)))
  const ask = () => node.parts.authority.acquire(node.parts.identity, { sequence: node.parts.nextSequence(), customer: state.snapshot.customer, budgets })
  // What was recalled a moment ago is headroom only when it has arrived; asked before, the authority would refuse it.
  state.acquiring = (state.returning === null ? ask() : state.returning.then(ask)).then((answer) => {
    const until = (ms: number) => instant(timeOf(node, state) + ms)
    if ('kind' in answer) {
      const need = needs.find(({ budget }) => budget.id === answer.budget)
      assert(need !== undefined, 'the authority refused a budget that was not asked for')
      const slice = sliceFor(state, need.budget)
      slice.refused = { min: Math.max(1, need.min), until: until(REFUSAL_BELIEVED_MS), limit: answer.limit, used: usedOf(answer, need.budget, slice), headroom: answer.headroom }
      return
    }
    for (const lease of answer) {
      const need = needs.find(({ budget }) => budget.id === lease.budget && budget.period.start === lease.periodStart)
      assert(need !== undefined, 'the authority granted a budget that was not asked for')
      foldUsed(state, need.budget)
      const slice = sliceFor(state, need.budget)
      grant(slice, lease.granted)
      slice.refused = lease.exhausted ? { min: 1, until: until(EXHAUSTION_BELIEVED_MS) } : null
    }
  }).finally(() => { state.acquiring = null })
  return state.acquiring
}

/** All that is not free: settled, used and not settled yet, held by requests that run, or lent to other nodes. What is told adds up with what was missing. */
function usedOf(refusal: AuthorityRefusal, budget: Budget, slice: Slice): string {
  const scale = budget.unit.kind === 'meters' ? budget.unit.scale : assetScale(budget.unit.asset)
  const exact = (text: string) => parseDecimal(text, scale, budget.id)
  return formatDecimal(exact(refusal.limit) - exact(refusal.headroom) - holdToExact(budget.unit, Math.max(0, freeOf(slice))), scale)
}
