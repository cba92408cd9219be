// Who paid so far, for batches that take usage back: what periods have accrued, and what usage drew from blocks that have expired.

import { parseUnits, type Instant } from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { drawnFromExpired } from '../../store/credits.ts'
import { usagePayments } from '../../store/reports.ts'
import { accrualKey, type BatchState } from './batch-state.ts'

export type PaidSoFar = Pick<BatchState, 'accruals' | 'drawn'>

/** For a batch in which nothing is taken back. */
export function nothingPaid(): PaidSoFar {
  return { accruals: new Map(), drawn: new Map() }
}

export async function loadPaid(tx: Transaction, customers: readonly string[], periods: readonly Instant[], now: Instant): Promise<PaidSoFar> {
  const accruals = new Map<string, bigint>()
  for (const customer of customers) {
    for (const periodStart of periods) {
      for (const { asset, accrued } of await usagePayments(tx, customer, periodStart)) accruals.set(accrualKey(customer, periodStart, asset), parseUnits(accrued, asset))
    }
  }
  const drawn = await drawnFromExpired(tx, customers, now)
  return { accruals, drawn: new Map(drawn.map(({ block, asset, amount }) => [block, parseUnits(amount, asset)])) }
}
