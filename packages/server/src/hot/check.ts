// Decides without holding anything: what authorize would answer now, before any other form of the request is tried.

import { decide, makeId, type Budget, type Denial } from '@tollgate/core'
import { acquire } from './acquire.ts'
import { decisionInput, mayAdmit, ROUNDS_PER_REQUEST_MAX, type DecideInput } from './admit.ts'
import { denied, directoryAway, problem, unavailable, warningsOf } from './answers.ts'
import type { Checked } from './contract.ts'
import { balanceOf, timeOf, type CustomerState } from './customer-state.ts'
import type { Inside } from './inside.ts'
import { withinBounds } from './request-bounds.ts'

type Tried = { readonly rounds: number; readonly isCutOff: boolean }

export function check(node: Inside, input: DecideInput): Checked | Promise<Checked> {
  const tried: Tried = { rounds: 0, isCutOff: false }
  const state = node.memory.customer(input.customer)
  return state instanceof Promise ? state.then((found) => checkOn(node, found, input, tried), directoryAway) : checkOn(node, state, input, tried)
}

function checkOn(node: Inside, state: CustomerState | null, input: DecideInput, tried: Tried): Checked | Promise<Checked> {
  if (state === null) return problem('customer_not_found', `there is no customer ${input.customer}`)
  const refused = (denial: Denial, budget: Budget | null = null) => denied(state, makeId('decision', node.parts.randomText()), denial, budget, node.clock.now())
  if (!mayAdmit(node)) return refused(unavailable(state))
  const within = state.catalog.requestBounds === undefined ? null : withinBounds(state.catalog.requestBounds, state, input)
  if (within?.kind === 'refused') return refused(within.denial)
  const decision = decide(decisionInput(node, state, state, input, timeOf(node, state), { isCutOff: tried.isCutOff, waived: null }))
  const { currency } = state.snapshot
  if (decision.kind === 'allow') {
    return { kind: 'allowed', estimate: decision.estimate, currency, balance: balanceOf(state), catalogVersion: state.catalog.version, warnings: warningsOf(decision.notices) }
  }
  if (decision.kind === 'deny') return refused(decision.denial, decision.budget)
  if (tried.rounds >= ROUNDS_PER_REQUEST_MAX) return refused(unavailable(state))
  return acquire(node, state, decision.needs).then(
    () => checkOn(node, state, input, { ...tried, rounds: tried.rounds + 1 }),
    () => checkOn(node, state, input, { rounds: tried.rounds + 1, isCutOff: true }),
  )
}
