// Alerts: messages of the outbox whose type calls for a look, newest first. What calls for one stands in the table of message types.

import type { Instant } from '@tollgate/core'
import { pageTold } from '../store/outbox.ts'
import type { ControlPlane } from './control-plane.ts'
import { pageOf, type Page } from './listings.ts'
import { ALERT_TYPES, STREAM_TYPES, viewOf, type AlertLevel } from './message-view.ts'

export type Alert = { readonly id: bigint; readonly type: string; readonly level: AlertLevel; readonly says: string; readonly customer: string | null; readonly at: Instant; readonly data: Record<string, unknown> }
export type AlertsInput = { readonly level: AlertLevel | null; readonly customer: string | null; readonly before: bigint | null; readonly limit: number }

export async function alertsPage(plane: ControlPlane, { level, customer, before, limit }: AlertsInput): Promise<Page<Alert>> {
  const types = ALERT_TYPES.filter((type) => level === null || STREAM_TYPES[type]!.alert === level)
  const page = pageOf(await pageTold(plane.sql, { types, customer, before, limit: limit + 1 }), limit, ({ id }) => String(id))
  return {
    next: page.next,
    rows: page.rows.map(({ id, type, customer: of, createdAt, payload }) => {
      const { alert, says } = STREAM_TYPES[type]!
      const { type: _, customer: __, at: ___, ...data } = viewOf({ type, customer: of, at: createdAt, payload: payload as Record<string, unknown> }, true)!
      return { id, type, level: alert!, says, customer: of, at: createdAt, data }
    }),
  }
}
