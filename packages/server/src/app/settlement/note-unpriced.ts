// Answers whose provider cost is not known: counted by model, and told once a day, so that an operator learns of a missing rate before
// the month ends. Names come from providers' answers, so they are bounded in length and in number.

import { UNPRICED_MODELS_MAX } from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import type { EventRow } from '../../store/events.ts'
import { countUnpriced } from '../../store/rate-cards.ts'
import type { OutboxRow } from '../../store/settlement.ts'

/** Events of others carry their cost or none, as they please; of what went through the gateway it must be known. */
export const METERED_BY_US = 'tollgate:gateway'
const NAME_LENGTH_MAX = 200

/** Notes them in the transaction that settles them; the messages that somebody should get. */
export async function noteUnpriced(tx: Transaction, rows: readonly EventRow[]): Promise<OutboxRow[]> {
  const events = new Map<string, number>()
  for (const row of rows) {
    if (row.cost !== null || row.source !== METERED_BY_US) continue
    const { model, model_returned: returned } = JSON.parse(row.dimensions) as Readonly<Record<string, string | undefined>>
    const name = (returned ?? model ?? '').slice(0, NAME_LENGTH_MAX)
    if (name !== '') events.set(name, (events.get(name) ?? 0) + 1)
  }
  if (events.size === 0) return []
  const told = await countUnpriced(tx, events, UNPRICED_MODELS_MAX)
  return told.map((model) => ({ customer: null, type: 'cost.unpriced', payload: { model, events: events.get(model) ?? 0 } }))
}
