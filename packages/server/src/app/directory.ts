// The directory on PostgreSQL: answers nodes about keys, customers, catalogs and upstreams, with secrets opened.

import { formatPosition, formatUnits, instant, parseUnits, positionKey, quantity, units, walletOf, type Budget, type Clock, type CustomerId, type CustomerSnapshot, type CustomerView, type Directory, type Instant, type NodeIdentity, type Position, type UpstreamConfig } from '@tollgate/core'
import { resolveSnapshot } from '@tollgate/core/resolve'
import type { Links } from '@tollgate/core'
import type { Sql } from '../platform/postgres.ts'
import { leaseUse, listBudgets } from '../store/budgets.ts'
import { findCustomer } from '../store/customers.ts'
import { keysByHash, listUpstreams } from '../store/keys.ts'
import { accumulatorOf, readAccumulators, readBlocks, type AccumulatorRow } from '../store/settlement.ts'
import { EMPTY_CATALOG, type Catalogs } from './catalogs.ts'
import { frozenOf } from './freezes.ts'
import { opened } from './keys.ts'
import type { Sharers } from './sharers.ts'
import { fundingBudgets, type CustomerContexts } from './customer-contexts.ts'

export type DirectoryParts = { readonly sql: Sql; readonly catalogs: Catalogs; readonly contexts: CustomerContexts; readonly links: Links; readonly clock: Clock; readonly masterKey: Uint8Array; readonly environmentUpstreams: readonly UpstreamConfig[]; readonly sharers: Sharers }

/** Whether nodes share something of this budget evenly: a rate, or what it lets through past its limit. */
function sharesRate({ terms }: Budget): boolean {
  return terms?.rate !== undefined || terms?.exhausted?.action === 'throttle'
}

export function createDirectory(parts: DirectoryParts): Directory {
  const { sql, catalogs, contexts, clock } = parts

  async function customer(identity: NodeIdentity, id: CustomerId): Promise<CustomerView | null> {
    const row = await findCustomer(sql, id)
    if (row === null) return null
    const facts = (await contexts.facts(sql, new Map([[id, row.version]]))).get(id)
    if (facts === undefined) return null
    const now = instant(clock.now() + row.clockOffsetMs)
    const { snapshot, plan, catalog } = contexts.at(facts, now)
    const [frozen, totals, blocks, budgets, used] = await Promise.all([
      frozenOf(sql, id),
      readAccumulators(sql, [id], [snapshot.period.start]), readBlocks(sql, [id], { spentToo: false }), listBudgets(sql, id, now, fundingBudgets(snapshot).map((budget) => budget.id)), leaseUse(sql, { ...identity, customer: id }),
    ])
    // A former price charges nothing more: its position is nobody's.
    const positions = Object.fromEntries(totals.flatMap((total) => {
      const price = plan.prices.find(({ id: known }) => known === total.price)
      return price === undefined ? [] : [[positionKey(total.price, total.entry), formatPosition(positionIn(accumulatorOf(total, price.scale)))] as const]
    }))
    const changes = blocks.flatMap(({ expiresAt }) => (expiresAt !== null && expiresAt > now ? [expiresAt] : []))
    const walletChangesAt = changes.length === 0 ? null : (Math.min(...changes) as Instant)
    return {
      snapshot: untilNextCatalog(resolveSnapshot({ ...facts, positions, walletChangesAt, ...(frozen === undefined ? {} : { frozen }) }, catalog, now, parts.links), catalogs.changesAt()),
      ...(snapshot.limits.some(sharesRate) ? { sharers: parts.sharers.join(id, identity.node) } : {}),
      balanceBases: Object.fromEntries(budgets.filter(({ budget }) => budget.startsWith('wallet:')).map(({ budget, limit, settled }) => {
        const { asset } = walletOf(budget)
        return [budget, formatUnits(units(parseUnits(limit, asset) - parseUnits(settled, asset) + parseUnits(used.get(budget) ?? '0', asset)), asset)]
      })),
    }
  }

  return {
    keys: (hashes) => keysByHash(sql, hashes),
    customer,
    catalog: (version) => (version === 0 ? Promise.resolve(EMPTY_CATALOG) : catalogs.document(version)),
    upstreams: async () => {
      const stored = (await listUpstreams(sql)).map((row) => opened(row, parts.masterKey))
      return [...stored, ...parts.environmentUpstreams.filter(({ name }) => !stored.some((upstream) => upstream.name === name))]
    },
  }
}

/** Nodes ask again when a scheduled catalog takes force: by our clock, while a snapshot ends by the customer's. */
function untilNextCatalog(snapshot: CustomerSnapshot, at: Instant | null): CustomerSnapshot {
  return at === null ? snapshot : { ...snapshot, validUntil: Math.min(snapshot.validUntil, at + snapshot.clockOffsetMs) as Instant }
}

function positionIn({ billable, included, events }: AccumulatorRow): Position {
  return { billable: quantity(billable), included: quantity(included), events }
}
