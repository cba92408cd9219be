// Asks the authority for what a customer's requests miss. A budget is asked for by one call at a time, which all who miss it wait
// for; calls for different budgets (the members of a template) run side by side.

import { assert, assetScale, formatDecimal, freeOf, grant, holdToExact, instant, parseDecimal, type AuthorityRefusal, type Budget, type Instant, type Decision, type Hold, type Slice } from '@tollgate/core'
import { foldUsed, sliceFor, takePast, timeOf, type CustomerState } from './customer-state.ts'
import type { Inside } from './inside.ts'
import { leased, nearlyUsed, wishOf } from './lease-ahead.ts'

/** How long a refusal is believed. A top-up drops it at once; this is for a push that was lost. */
const REFUSAL_BELIEVED_MS = 1_000
/** One that rests on nodes that did not answer is asked again soon: what they hold may have come back meanwhile. */
const UNHEARD_BELIEVED_MS = 100
/** An allowance with nothing left mostly stays so, and what changes it is pushed, except another node's giving back. */
const EXHAUSTION_BELIEVED_MS = 5_000

/**
 * Calls of one customer at once. With the rounds that a request waits for at most, as many requests as a node has open find their
 * turn, each with a budget of its own.
 */
const ACQUIRES_AT_ONCE_MAX = 64

type Needs = Extract<Decision, { kind: 'miss' }>['needs']

/**
 * Resolves when it is worth deciding again: those who miss a budget that is being asked for wait for that call. `isAhead`: nobody
 * needs it yet, so the authority recalls nothing for it, and that it has nothing left is no refusal.
 */
export function acquire(node: Inside, state: CustomerState, needs: Needs, { isAhead } = { isAhead: false }): Promise<void> {
  if (!node.parts.licence.isValid()) return node.parts.licence.renew()
  const { acquiring } = state
  for (const { budget } of needs) {
    const running = acquiring.get(budget.id)
    if (running !== undefined) return running
  }
  if (acquiring.size > 0 && new Set(acquiring.values()).size >= ACQUIRES_AT_ONCE_MAX) return acquiring.values().next().value!
  const call = ask(node, state, needs, isAhead).finally(() => {
    for (const { budget } of needs) acquiring.delete(budget.id)
  })
  for (const { budget } of needs) acquiring.set(budget.id, call)
  return call
}

/** Asks in the background for what these holds have nearly used up. Whoever needs it before the answer waits for the same call. */
export function renewAhead(node: Inside, state: CustomerState, holds: readonly Hold[]): void {
  const needs = nearlyUsed(state, holds)
  if (needs.length > 0 && node.parts.licence.isValid()) acquire(node, state, needs, { isAhead: true }).catch(() => undefined)
}

function ask(node: Inside, state: CustomerState, needs: Needs, isAhead: boolean): Promise<void> {
  node.counts.acquires += 1
  // The slice of a period that is over makes way; what it has left must be back before more is asked for.
  const slices = needs.map(({ budget }) => sliceFor(state, budget))
  const past = takePast(state)
  if (past.length > 0) node.memory.bringBack(state, past).catch(() => undefined)
  const budgets = needs.map((need, index) => wishOf(state, need, slices[index]!, timeOf(node, state)))
  const leasedBefore = slices.map(({ granted }) => granted)
  const send = () => node.parts.authority.acquire(node.parts.identity, { sequence: node.parts.nextSequence(), customer: state.snapshot.customer, budgets })
  // What was recalled a moment ago is headroom only when it has arrived; asked before, the authority would refuse it.
  return (state.returning === null ? send() : state.returning.then(send)).then((answer) => {
    const until = (ms: number) => instant(timeOf(node, state) + ms)
    if ('kind' in answer) {
      if (isAhead) return
      const need = needs.find(({ budget }) => budget.id === answer.budget)
      assert(need !== undefined, 'the authority refused a budget that was not asked for')
      const slice = sliceFor(state, need.budget)
      // Recalled while it asked, it asked for too little: what it let go may be enough together with what others have.
      const index = needs.indexOf(need)
      if (slice === slices[index] && leasedBefore[index]! - slice.granted > answer.min - need.min) return
      if (answer.unheard === true) node.counts.unheard += 1
      slice.refused = { min: Math.max(1, answer.min), until: until(answer.unheard === true ? UNHEARD_BELIEVED_MS : REFUSAL_BELIEVED_MS), limit: answer.limit, used: usedOf(answer, need.budget, slice), headroom: answer.headroom }
      return
    }
    for (const lease of answer) {
      const need = needs.find(({ budget }) => budget.id === lease.budget && budget.period.start === lease.periodStart)
      assert(need !== undefined, 'the authority granted a budget that was not asked for')
      foldUsed(state, need.budget)
      const slice = sliceFor(state, need.budget)
      grant(slice, lease.granted)
      leased(state, slice, timeOf(node, state))
      slice.refused = isAhead ? null : lease.exhausted ? { min: 1, until: until(EXHAUSTION_BELIEVED_MS) } : shortOf(need, lease.granted, until(REFUSAL_BELIEVED_MS))
    }
  })
}

/**
 * A source that another stands behind gave what it could, others have given back, and it was not enough: believed as a refusal is. Asked
 * again at once, the nodes would call the rest of an allowance back from each other with every request, until it is used up.
 */
function shortOf({ need }: Needs[number], granted: number, until: Instant): Slice['refused'] {
  return granted < need ? { min: need - granted, until } : null
}

/** All that is not free: settled, used and not settled yet, held by requests that run, or lent to other nodes. What is told adds up with what was missing. */
function usedOf(refusal: AuthorityRefusal, budget: Budget, slice: Slice): string {
  const scale = budget.unit.kind === 'meters' ? budget.unit.scale : assetScale(budget.unit.asset)
  const exact = (text: string) => parseDecimal(text, scale, budget.id)
  return formatDecimal(exact(refusal.limit) - exact(refusal.headroom) - holdToExact(budget.unit, Math.max(0, freeOf(slice))), scale)
}
