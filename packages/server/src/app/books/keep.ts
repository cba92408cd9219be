// The job that keeps the books: closes days that are over, and then holds the months of those days against everything else. What disagrees is told
// once for each day that is closed, with both sides.

import { formatUnits } from '@tollgate/core'
import { withRetry } from '../../platform/postgres.ts'
import { insertOutbox } from '../../store/settlement.ts'
import type { ControlPlane } from '../control-plane.ts'
import { closeDays } from './days.ts'
import { booksOfMonth } from './month.ts'

/** Returns the months that disagree. */
export async function keepBooks(plane: ControlPlane): Promise<string[]> {
  const days = await closeDays(plane)
  const disagreeing: string[] = []
  for (const month of new Set(days.map((day) => day.slice(0, 7)))) {
    const failed = (await booksOfMonth(plane, month)).checks.filter(({ agrees }) => !agrees)
    if (failed.length === 0) continue
    disagreeing.push(month)
    const problems = failed.slice(0, PROBLEMS_MAX).map(({ name, asset, left, right }) => `${name}: ${formatUnits(left, asset)} ≠ ${formatUnits(right, asset)} ${asset}`)
    plane.log.error({ month, problems }, 'the books of a month disagree')
    await withRetry(plane.sql, (tx) => insertOutbox(tx, [{ customer: null, type: 'books.disagree', payload: { month, problems } }]))
  }
  return disagreeing
}

/** Checks that one message names: more have one cause. */
const PROBLEMS_MAX = 20
