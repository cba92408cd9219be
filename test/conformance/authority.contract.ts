// What every adapter of the authority must do, whichever way it is reached. Run against PostgreSQL in process and over HTTP.

import { expect, test } from 'vitest'
import type { Authority, Budget, CustomerId, JournalPosition, LeaseRequest, NodeIdentity, UsageEvent } from '@tollgate/core'
import { walletBudget } from '@tollgate/core/resolve'
import { encodeGroup, encodeLine } from '../../packages/server/src/hot/journal-line.ts'
import { checkSums, balanceReport } from '../../packages/server/src/app/reports.ts'
import type { TestPlane } from '../plane.ts'

export type AuthorityUnderTest = { readonly world: () => TestPlane; readonly authority: () => Authority }

const WALLET: Budget = walletBudget('USD')
/** Hold units of a dollar. */
const DOLLAR = 1_000_000_000

export function authorityContract(name: string, { world, authority }: AuthorityUnderTest): void {
  let nodes = 0
  let sequence = 0
  const register = async (): Promise<NodeIdentity & { readonly settled: JournalPosition }> => {
    nodes += 1
    return authority().register(`${name}-${nodes}`)
  }
  const ask = (customer: CustomerId, need: { readonly min: number; readonly want?: number }): LeaseRequest => {
    sequence += 1
    return { sequence, customer, budgets: [{ budget: WALLET, min: need.min, need: need.min, want: need.want ?? need.min }] }
  }

  test(`${name}: a lease is granted out of headroom, and what is missing is refused with its numbers`, async () => {
    const customer = await world().customer({ plan: 'prepaid', credit: '1.00' })
    const node = await register()
    expect(await authority().acquire(node, ask(customer, { min: DOLLAR }))).toEqual([{ budget: 'wallet:USD', periodStart: 0, granted: DOLLAR, exhausted: true }])
    expect(await authority().acquire(node, ask(customer, { min: 1 }))).toMatchObject({ kind: 'refused', budget: 'wallet:USD', limit: '1', headroom: '0', escrow: '1' })
  })

  test(`${name}: beyond its need a node gets at most half of what is left`, async () => {
    const customer = await world().customer({ plan: 'prepaid', credit: '1.00' })
    const node = await register()
    expect(await authority().acquire(node, ask(customer, { min: 1, want: 10 * DOLLAR }))).toMatchObject([{ granted: DOLLAR / 2, exhausted: false }])
  })

  test(`${name}: an acquire whose answer was lost is answered again and lends nothing twice`, async () => {
    const customer = await world().customer({ plan: 'prepaid', credit: '1.00' })
    const node = await register()
    const request = ask(customer, { min: DOLLAR / 4 })
    const first = await authority().acquire(node, request)
    expect(await authority().acquire(node, request)).toEqual(first)
    expect((await balanceReport(world().plane, customer)).leased).toBe('0.25')
  })

  test(`${name}: what a node gives back is headroom again`, async () => {
    const customer = await world().customer({ plan: 'prepaid', credit: '1.00' })
    const node = await register()
    await authority().acquire(node, ask(customer, { min: DOLLAR }))
    const returned = [{ customer, budget: 'wallet:USD', periodStart: WALLET.period.start, amount: DOLLAR / 5 }]
    sequence += 1
    await authority().giveBack(node, sequence, returned)
    // The answer was lost and the node says it again: nothing is returned twice.
    await authority().giveBack(node, sequence, returned)
    expect((await balanceReport(world().plane, customer)).leased).toBe('0.8')
    expect(await authority().acquire(await register(), ask(customer, { min: DOLLAR / 5 }))).toMatchObject([{ granted: DOLLAR / 5 }])
  })

  test(`${name}: an earlier incarnation is fenced, and its leases return only when the next one says so`, async () => {
    const customer = await world().customer({ plan: 'prepaid', credit: '1.00' })
    const old = await register()
    await authority().acquire(old, ask(customer, { min: DOLLAR }))
    const next = await authority().register(old.node)
    expect(next.incarnation).toBe(old.incarnation + 1)
    await expect(authority().acquire(old, ask(customer, { min: 1 }))).rejects.toMatchObject({ code: 'node_fenced' })
    expect(await authority().acquire(next, ask(customer, { min: 1 }))).toMatchObject({ kind: 'refused' })
    await authority().closeEarlier(next, { kept: [old.incarnation], inFlight: [] })
    expect(await authority().acquire(next, ask(customer, { min: DOLLAR }))).toMatchObject([{ granted: DOLLAR }])
  })

  test(`${name}: a stretch of journal that is shipped twice is charged once, and its position is remembered`, async () => {
    const customer = await world().customer({ plan: 'prepaid', credit: '1.00' })
    const node = await register()
    await authority().acquire(node, ask(customer, { min: DOLLAR }))
    const lines = encodeGroup([encodeLine('settled', eventOf(customer, node, 'res_shipped', '4000'))])
    const stretch = { from: { segment: 1, offset: 0 }, to: { segment: 1, offset: lines.length }, lines }
    expect(await authority().ship(node, stretch)).toEqual(stretch.to)
    expect(await authority().ship(node, stretch)).toEqual(stretch.to)
    const check = await checkSums(world().plane, customer)
    expect([check.sums.events, check.sums.eventCharges, check.differences]).toEqual([1n, '0.06', []])
    expect((await balanceReport(world().plane, customer)).leased).toBe('0.94')
    expect((await authority().register(node.node)).settled).toEqual(stretch.to)
  })

  test(`${name}: an event that cannot be settled is parked with its reason and does not stop the others`, async () => {
    const customer = await world().customer({ plan: 'prepaid', credit: '1.00' })
    const node = await register()
    const poison = { ...eventOf(customer, node, 'res_poison', '10'), dimensions: { model: 'with a null character \u0000' } }
    const strange = { ...eventOf(customer, node, 'res_strange', '10'), quantities: { input_tokens: '-5' } }
    const lines = encodeGroup([eventOf(customer, node, 'res_good1', '1000'), poison, strange, eventOf(customer, node, 'res_good2', '1000')].map((event) => encodeLine('settled', event)))
    await authority().ship(node, { from: { segment: 1, offset: 0 }, to: { segment: 1, offset: lines.length }, lines })
    const check = await checkSums(world().plane, customer)
    expect([check.sums.events, check.sums.eventCharges, check.differences]).toEqual([2n, '0.03', []])
    const parked = await world().plane.sql<{ record: string }[]>`select record from parked_event where customer_id = ${customer} order by id`
    expect(parked.map(({ record }) => (JSON.parse(record) as { id: string }).id)).toEqual(['res_poison', 'res_strange'])
  })

  test(`${name}: a budget that the node's plan has no more is not lent`, async () => {
    const customer = await world().customer({ plan: 'prepaid', credit: '1.00' })
    const gone: Budget = { ...WALLET, id: 'limit:gone' }
    await expect(authority().acquire(await register(), { sequence: (sequence += 1), customer, budgets: [{ budget: gone, min: 1, need: 1, want: 1 }] })).rejects.toMatchObject({ code: 'stale_budget' })
  })
}

function eventOf(customer: CustomerId, node: NodeIdentity, id: string, tokens: string): UsageEvent {
  return {
    id, source: 'tollgate:gateway', type: 'ai.request', customer, time: Date.now() as never, entity: null, feature: 'chat', run: null, key: null,
    quantities: { input_tokens: tokens }, dimensions: { model: 'sandbox-small' }, cost: null, estimated: false, catalogVersion: 1,
    settled: { node: node.node, incarnation: node.incarnation, covered: [] }, context: {},
  }
}
