// Decides without holding anything: what authorize would answer now.

import { makeId } from '@tollgate/core'
import { acquire } from './acquire.ts'
import { decideOn, ROUNDS_PER_REQUEST_MAX } from './admit.ts'
import { denied, directoryAway, problem, unavailable } from './answers.ts'
import type { AuthorizeInput, Checked } from './contract.ts'
import { balanceOf, type CustomerState } from './customer-state.ts'
import type { Inside } from './inside.ts'

export function check(node: Inside, input: Omit<AuthorizeInput, 'reservation' | 'ttlMs' | 'repeatable'>): Checked | Promise<Checked> {
  const state = node.memory.customer(input.customer)
  return state instanceof Promise ? state.then((found) => checkOn(node, found, input, 0), directoryAway) : checkOn(node, state, input, 0)
}

function checkOn(node: Inside, state: CustomerState | null, input: Omit<AuthorizeInput, 'reservation' | 'ttlMs' | 'repeatable'>, rounds: number): Checked | Promise<Checked> {
  if (state === null) return problem('customer_not_found', `there is no customer ${input.customer}`)
  const decision = decideOn(node, state, state, input)
  const { currency } = state.snapshot
  if (decision.kind === 'allow') return { kind: 'allowed', estimate: decision.estimate, currency, balance: balanceOf(state), catalogVersion: state.catalog.version }
  if (decision.kind === 'deny') return denied(state, makeId('decision', node.parts.randomText()), decision.denial)
  if (rounds >= ROUNDS_PER_REQUEST_MAX) return denied(state, makeId('decision', node.parts.randomText()), unavailable(state))
  return acquire(node, state, decision.needs).then(
    () => checkOn(node, state, input, rounds + 1),
    () => denied(state, makeId('decision', node.parts.randomText()), unavailable(state)),
  )
}
