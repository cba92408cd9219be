// The delivery log: what was sent where, and what became of it.

import { DAY_MS, instant } from '@tollgate/core'
import { forgetDeliveries as forgetRows, listDeliveries, type DeliveryRow } from '../../store/webhooks.ts'
import type { ControlPlane } from '../control-plane.ts'
import { pageOf, type Page } from '../listings.ts'
import { getEndpoint } from './endpoints.ts'

const KEPT_MS = 30 * DAY_MS
const ROWS_PER_STATEMENT = 10_000

export async function deliveriesPage(plane: ControlPlane, endpoint: string, input: { readonly status: string | null; readonly before: bigint | null; readonly limit: number }): Promise<Page<DeliveryRow>> {
  await getEndpoint(plane, endpoint)
  return pageOf(await listDeliveries(plane.sql, { endpoint, ...input, limit: input.limit + 1 }), input.limit, ({ id }) => String(id))
}

/** Deliveries that ended more than a month ago. */
export async function forgetDeliveries(plane: ControlPlane): Promise<void> {
  while ((await forgetRows(plane.sql, instant(plane.clock.now() - KEPT_MS), ROWS_PER_STATEMENT)) === ROWS_PER_STATEMENT);
}
