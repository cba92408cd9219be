// The two records that everything else is summed from, a page at a time: usage events with their charges, and the ledger.

import { parseUnits, units, type Instant } from '@tollgate/core'
import { listEvents, type StoredEvent } from '../store/events.ts'
import { accountBalances, listTransfers, type StoredTransfer } from '../store/ledger.ts'
import type { ControlPlane } from './control-plane.ts'
import { getCustomer } from './customers.ts'
import { pageOf, type Page } from './listings.ts'

export type EventsInput = {
  /** Sequence of the last event of the page before. */
  readonly after: bigint | null
  readonly limit: number
  readonly from: Instant | null
  readonly to: Instant | null
  /** Only events that were charged by this price. */
  readonly price: string | null
  readonly feature: string | null
  readonly run: string | null
  readonly type: string | null
  /** Settlement that charged them, and the billing period that they belong to. */
  readonly batch?: bigint | null
  readonly periodStart?: Instant | null
  readonly newestFirst: boolean
}

export async function eventsPage(plane: ControlPlane, customer: string, input: EventsInput): Promise<Page<StoredEvent>> {
  await getCustomer(plane, customer)
  return pageOf(await listEvents(plane.sql, { batch: null, periodStart: null, ...input, customer, limit: input.limit + 1 }), input.limit, ({ sequence }) => String(sequence))
}

export async function transfersPage(
  plane: ControlPlane,
  customer: string,
  input: { readonly after: bigint | null; readonly limit: number; readonly account: string | null },
): Promise<Page<StoredTransfer>> {
  await getCustomer(plane, customer)
  return pageOf(await listTransfers(plane.sql, { ...input, customer, limit: input.limit + 1 }), input.limit, ({ sequence }) => String(sequence))
}

/** Credits minus debits; over all accounts of an asset they sum to zero. */
export type Account = { readonly account: string; readonly asset: string; readonly debits: bigint; readonly credits: bigint; readonly balance: bigint }

/** Balances now, or as they stood at an instant of the past. */
export async function accounts(plane: ControlPlane, customer: string, at: Instant | null): Promise<Account[]> {
  await getCustomer(plane, customer)
  return (await accountBalances(plane.sql, customer, at)).map(({ account, asset, ...sums }) => {
    const debits = parseUnits(sums.debits, asset)
    const credits = parseUnits(sums.credits, asset)
    return { account, asset, debits, credits, balance: units(credits - debits) }
  })
}
