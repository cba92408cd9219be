// Every record held against what really happened: what clients were told, what the provider ran, what was paid in.

import { setTimeout as delay } from 'node:timers/promises'
import type { Sql } from '../../packages/server/src/platform/postgres.ts'
import type { Sums } from '../e2e/tollgate.ts'
import { walletOf } from './clients.ts'
import type { Stage } from './stage.ts'
import type { Truth } from './truth.ts'

export type Compared = {
  /** Budgets that passed their limit, by what providers ran or by what is recorded. */
  readonly overspent: readonly string[]
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  /** Charged and never run. */
  readonly invented: readonly string[]
  /** What was charged differs from what ran. */
  readonly wrong: readonly string[]
  readonly differences: readonly string[]
}

const SETTLED_TIMEOUT_MS = 60_000

/** Waits until all that was acknowledged is settled, a minute at most, and looks at every record. */

export async function compare(stage: Stage, truth: Truth, sql: Sql, customers: readonly string[]): Promise<Compared> {
  const acknowledged = truth.attempts.filter(({ state }) => state === 'acknowledged')
  // A call's event has its reservation's id; a chat's tells the id that its client gave the request.
  const events = () => sql<{ id: string; amount: string }[]>`
    select case source when 'tollgate:gateway' then context ->> 'request_id' else id end as id, amount::text from usage_event
    where customer_id = any(${customers as string[]}::text[]) and type = 'ai.request'`
  const deadline = performance.now() + SETTLED_TIMEOUT_MS
  let found = await events()
  for (; performance.now() < deadline; found = await events()) {
    const ids = new Set(found.map(({ id }) => id))
    if (acknowledged.every(({ id }) => ids.has(id))) break
    await delay(200)
  }
  const times = new Map<string, number>()
  const wrong: string[] = []
  for (const { id, amount } of found) {
    times.set(id, (times.get(id) ?? 0) + 1)
    const used = truth.attemptOf(id)?.used
    if (used !== undefined && used !== null && Number(amount) * 1_000 !== used) wrong.push(`${id} used ${used} and was charged ${amount}`)
  }
  const budgets = await sql<{ name: string; limit: string; settled: string }[]>`
    select customer_id || ' ' || budget_id as name, limit_amount::text as limit, settled::text from budget_state where customer_id = any(${customers as string[]}::text[]) and settled + escrow > limit_amount`
  const wallets = await sql<{ customer: string; limit: string }[]>`select customer_id as customer, limit_amount::text as limit from budget_state where customer_id = any(${customers as string[]}::text[]) and budget_id = 'wallet:USD'`
  const paidIn = wallets.flatMap(({ customer, limit }) => (Number(limit) * 1_000 === truth.limitOf(walletOf(customer)) || truth.limitOf(walletOf(customer)) === Infinity ? [] : [`${customer} has a wallet of ${limit}, ${truth.limitOf(walletOf(customer))} tokens were paid in`]))
  const overspent = truth.budgets().flatMap((budget) => (truth.usedOf(budget) > truth.limitOf(budget) ? [`${budget}: providers ran ${truth.usedOf(budget)} of ${truth.limitOf(budget)}`] : []))
  const sums = await Promise.all(customers.map((id) => stage.tollgate.get<Sums>(`/v1/customers/${id}/checks/sums`)))
  return {
    overspent: [...overspent, ...budgets.map(({ name, limit, settled }) => `${name}: ${settled} of ${limit} settled, and more lent out`)],
    lost: acknowledged.flatMap(({ id }) => (times.has(id) ? [] : [id])),
    doubled: [...times].flatMap(([id, count]) => (count > 1 ? [`${id} ${count} times`] : [])),
    invented: found.flatMap(({ id }) => (typeof truth.attemptOf(id)?.used === 'number' ? [] : [id])),
    wrong,
    differences: [...sums.flatMap(({ differences }) => differences), ...paidIn],
  }
}
