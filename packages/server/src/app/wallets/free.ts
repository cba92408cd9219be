// What may be taken out of a budget is what gateways do not hold: idle leases are called back, for a moment, before it is refused.

import { setTimeout as delay } from 'node:timers/promises'
import type { ControlPlane } from '../control-plane.ts'
import { Problem } from '../problems.ts'

/** How often idle leases are called back before it is refused, and how long one waits for them between. */
const RECALLS_MAX = 4
const RECALL_WAIT_MS = 200

/** Thrown inside a transaction, which then leaves nothing: gateways hold too much of the budget. */
export class HeldError extends Error {
  override readonly name = 'HeldError'
  readonly held: string

  constructor(held: string) {
    super('gateways hold part of the budget')
    this.held = held
  }
}

/** Runs `work`, a whole transaction, until what it takes is free. */
export async function withFree<T>(plane: ControlPlane, of: { readonly customer: string; readonly budget: string }, work: () => Promise<T>): Promise<T> {
  for (let recalls = 0; ; recalls += 1) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof HeldError)) throw error
      if (recalls === RECALLS_MAX) throw new Problem('credits_in_use', `gateways hold ${error.held} of ${of.budget} for requests that run: try again when they have ended`, 'amount')
      await plane.hub.recall({ customer: of.customer as never, budgets: [of.budget] })
      await delay(RECALL_WAIT_MS)
    }
  }
}
