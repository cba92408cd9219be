// How long things last in one simulated run: what production counts in minutes and hours is short in some runs, so that nodes lapse,
// and what they were lent is given up, within a few hundred steps.

import { DOUBT_HARD_MS, LEASE_MARGIN_MS, LEASE_TTL_MS } from '@tollgate/core'
import type { Random } from './random.ts'

export type Terms = {
  /** A node may admit for this long after it was heard of. */
  readonly validMs: number
  /** The authority calls it silent after this. */
  readonly silentMs: number
  /** And gives its leases up after this more. */
  readonly giveUpMs: number
}

/** As in production: nobody lapses within a run. */
export const LONG_TERMS: Terms = { validMs: LEASE_TTL_MS - LEASE_MARGIN_MS, silentMs: LEASE_TTL_MS, giveUpMs: DOUBT_HARD_MS }

export function someTerms(random: Random): Terms {
  return random.pick<Terms>([
    LONG_TERMS,
    { validMs: 2_000, silentMs: 2_200, giveUpMs: DOUBT_HARD_MS },
    { validMs: 2_000, silentMs: 2_200, giveUpMs: 4_000 },
  ])
}
