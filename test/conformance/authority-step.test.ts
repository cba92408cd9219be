// The authority's rules are one pure step in core, and statements over rows in PostgreSQL. Random commands go to both: after each of
// them the answers and everything that is kept must be the same.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  escrowOf, formatDecimal, fromHold, holderOf, instant, LIFETIME, NOTHING_LENT, parseDecimal, step, unusedOf,
  type Authority, type Budget, type CustomerId, type Lending, type NodeIdentity,
} from '@tollgate/core'
import { createPostgresAuthority } from '../../packages/server/src/app/authority/postgres-authority.ts'
import { testDatabase, type TestDatabase } from '../../packages/server/src/platform/test-database.ts'
import { ensureBudgets, loseOnBudgets, moveBudgets, setLimits } from '../../packages/server/src/store/budgets.ts'
import { insertCustomer } from '../../packages/server/src/store/customers.ts'
import { endDoubts, endLeasesOf, resolveDoubts } from '../../packages/server/src/store/leases.ts'
import { lapseNodes, renewNode, retireNode } from '../../packages/server/src/store/nodes.ts'

const BUDGETS = ['wallet:USD', 'wallet:EUR'] as const
const NODES = ['one', 'two'] as const
const NOW = instant(Date.parse('2026-03-01T12:00:00Z'))
const RUNS = 150
const budgets: readonly Budget[] = BUDGETS.map((id) => ({ id, name: id, unit: { kind: 'money', asset: id.slice(7) }, period: LIFETIME, enforcement: 'hard', entity: null, features: null }))

let database: TestDatabase
beforeAll(async () => { database = await testDatabase({ max: 6 }) })
afterAll(() => database.drop())

type Pick = { readonly node: number; readonly budget: number; readonly amount: number; readonly share: number }
const KINDS = ['acquire', 'acquire', 'acquire', 'settle', 'settle', 'give_back', 'register', 'close', 'close_lost', 'lapse', 'renew', 'limit', 'resolve', 'end_doubts', 'release', 'give_up', 'late'] as const
const commands = fc.array(fc.record({ kind: fc.constantFrom(...KINDS), node: fc.nat(1), budget: fc.nat(1), amount: fc.nat(400), share: fc.integer({ min: 1, max: 130 }) }), { minLength: 5, maxLength: 30 })

test('PostgreSQL and the pure step answer alike and keep the same, whatever comes', { timeout: 300_000 }, async () => {
  let run = 0
  await fc.assert(fc.asyncProperty(commands, async (list) => {
    run += 1
    const both = await start(`cus_step${run}`, `${run}`)
    for (const [index, { kind, ...pick }] of list.entries()) {
      await both.apply(kind, pick)
      expect(await both.rows(), `after ${list.slice(0, index + 1).map((one) => one.kind).join(', ')}`).toEqual(both.kept())
    }
  }), { numRuns: RUNS })
})

async function start(customer: string, suffix: string) {
  const { sql } = database
  let lending: Lending = NOTHING_LENT
  let sequence = 0
  let doubtful = 0
  const latest = new Map<string, NodeIdentity>()
  const earlier: NodeIdentity[] = []
  await sql.begin((tx) => insertCustomer(tx, { id: customer, name: customer, externalId: null, timeZone: 'UTC', locale: null, currency: null, metadata: {}, plan: 'none', subscription: `sub_${suffix}`, anchorAt: NOW, testClock: null }))
  const context = { snapshot: { customer, limits: [], funding: budgets.map((budget) => ({ kind: 'wallet', budget })), period: LIFETIME }, plan: { allowances: [], limits: [] }, facts: { anchorAt: NOW, ruleLimits: new Map() } }
  const contexts = { facts: async () => new Map([[customer, context.facts]]), at: () => context }
  const authority: Authority = createPostgresAuthority({ sql, contexts, hub: { recall: async () => [] }, queue: null, clock: { now: () => NOW } } as never)

  const model = (command: Parameters<typeof step>[1]) => {
    const after = step(lending, command)
    lending = after.lending
    return after.answer
  }
  for (const [index, { id, unit }] of budgets.entries()) {
    const limit = 1_000n * 10n ** 3n * BigInt(index + 1)
    model({ kind: 'open', account: id, unit, limit })
    await ensureBudgets(sql, [{ customer, budget: id, periodStart: LIFETIME.start, periodEnd: LIFETIME.end, scale: 12, limit }])
  }
  const holderIn = (identity: NodeIdentity) => holderOf(identity.node, identity.incarnation)
  const identityOf = async (node: number): Promise<NodeIdentity> => latest.get(NODES[node]!) ?? register(node)

  async function register(node: number): Promise<NodeIdentity> {
    const name = `${NODES[node]}-${suffix}`
    const { incarnation } = await authority.register(name)
    expect(model({ kind: 'register', node: name })).toEqual({ kind: 'registered', incarnation })
    const before = latest.get(NODES[node]!)
    if (before !== undefined) earlier.push(before)
    latest.set(NODES[node]!, { node: name, incarnation })
    return latest.get(NODES[node]!)!
  }

  /** The same refusal, or the same success. */
  async function alike(answer: ReturnType<typeof model>, call: Promise<unknown>): Promise<void> {
    const told = await call.then(() => 'done', (error: { code?: string }) => error.code ?? String(error))
    expect(told).toBe(answer.kind === 'fenced' ? 'node_fenced' : 'done')
  }

  async function acquire(identity: NodeIdentity, { budget, amount, share }: Pick): Promise<void> {
    const needs = budgets.slice(0, budget + 1).map((one) => ({ budget: one, min: amount, need: amount, want: amount * Math.ceil(share / 10) }))
    const answer = model({ kind: 'acquire', holder: holderIn(identity), needs: needs.map(({ budget: { id }, ...need }) => ({ account: id, ...need })) })
    sequence += 1
    const told = await authority.acquire(identity, { sequence, customer: customer as CustomerId, budgets: needs }).catch((error: { code: string }) => error.code)
    if (answer.kind === 'leases') expect(told).toEqual(answer.leases.map(({ account, granted, exhausted }) => ({ budget: account, periodStart: 0, granted, exhausted })))
    else if (answer.kind === 'refused') expect(told).toMatchObject({ kind: 'refused', budget: answer.account })
    else expect(told).toBe('node_fenced')
  }

  async function settle(identity: NodeIdentity, { budget, share }: Pick, reservation: string): Promise<void> {
    const { id } = budgets[budget]!
    const lease = lending.accounts.get(id)!.leases.get(holderIn(identity))
    const amount = ((lease === undefined ? 5_000n : unusedOf(lease)) * BigInt(share)) / 100n + 1n
    const unleased = lease === undefined && share % 2 === 0
    const isLost = lending.holders.get(holderIn(identity)) === 'given_up'
    model({ kind: 'settle', moves: [{ account: id, amount, leased: amount, unleased, holder: holderIn(identity) }], reservations: [reservation] })
    const move = { customer, budget: id, periodStart: LIFETIME.start, scale: 12, amount, leased: amount, unleased, ...identity }
    await sql.begin(async (tx) => {
      await resolveDoubts(tx, [{ customer, reservation }])
      await (isLost ? loseOnBudgets(tx, [move]) : moveBudgets(tx, [move]))
    })
  }

  async function close(node: number, { amount }: Pick, isKept: boolean): Promise<void> {
    const identity = await identityOf(node)
    if (lending.holders.get(holderIn(identity)) !== 'active') return
    const before = earlier.filter((one) => one.node === identity.node)
    const last = before.at(-1)
    const inFlight = last === undefined || amount === 0 ? [] : budgets.map(({ id }, index) => ({
      reservation: `res_${suffix}_${doubtful += 1}`, incarnation: last.incarnation, endsAt: instant(NOW + (index === 0 ? -1 : 60_000)),
      holds: [{ customer: customer as CustomerId, budget: id, periodStart: LIFETIME.start, amount }],
    }))
    const kept = isKept ? before.map(({ incarnation }) => incarnation) : []
    const answer = model({
      kind: 'close', node: identity.node, kept: kept.map((incarnation) => holderOf(identity.node, incarnation)),
      doubts: inFlight.map(({ reservation, incarnation, holds }) => ({ reservation, account: holds[0]!.budget, holder: holderOf(identity.node, incarnation), amount: fromHold(amount, holds[0]!.budget.slice(7)) })),
    })
    await alike(answer, authority.closeEarlier(identity, { kept, inFlight }))
  }

  async function end(kind: 'release' | 'give_up', { budget }: Pick): Promise<void> {
    const all = [...earlier, ...latest.values()].filter((one) => ['silent', 'replaced'].includes(lending.holders.get(holderIn(one)) ?? ''))
    const identity = all[0]
    if (identity === undefined) return
    const { id } = budgets[budget]!
    model(kind === 'release' ? { kind, holder: holderIn(identity), accounts: [id] } : { kind, holder: holderIn(identity) })
    await sql.begin(async (tx) => {
      await retireNode(tx, identity, kind === 'release' ? 'replaced' : 'given_up', instant(NOW + 1))
      await endLeasesOf(tx, identity, kind === 'release' ? 'closed' : 'given_up', kind === 'release' ? [{ customer, budget: id, periodStart: LIFETIME.start }] : null)
    })
  }

  async function apply(kind: (typeof KINDS)[number], pick: Pick): Promise<void> {
    const identity = await identityOf(pick.node)
    const holder = holderIn(identity)
    switch (kind) {
      case 'acquire':
        return acquire(identity, pick)
      case 'settle':
        return settle(identity, pick, 'res_none')
      case 'late':
        return settle(earlier[0] ?? identity, pick, [...lending.accounts.values()].flatMap(({ doubts }) => [...doubts.keys()])[0] ?? 'res_none')
      case 'give_back': {
        const { id } = budgets[pick.budget]!
        const lease = lending.accounts.get(id)!.leases.get(holder)
        const amount = lease === undefined ? 0 : Number((unusedOf(lease) / 1_000n) * BigInt(Math.min(100, pick.share)) / 100n)
        sequence += 1
        return alike(model({ kind, holder, returned: [{ account: id, amount }] }), authority.giveBack(identity, sequence, [{ customer: customer as CustomerId, budget: id, periodStart: LIFETIME.start, amount }]))
      }
      case 'register':
        return void (await register(pick.node))
      case 'close':
      case 'close_lost':
        return close(pick.node, pick, kind === 'close')
      case 'lapse':
        for (const { node } of latest.values()) for (const one of latest.values()) if (one.node === node) model({ kind, holder: holderIn(one) })
        return void (await lapseNodes(sql, instant(NOW + 1)))
      case 'renew': {
        const answer = model({ kind, holder })
        expect(await renewNode(sql, identity, NOW)).toBe(answer.kind === 'done')
        return undefined
      }
      case 'limit': {
        const { id } = budgets[pick.budget]!
        const limit = BigInt(pick.amount) * 3_000n
        model({ kind, account: id, limit })
        return setLimits(sql as never, [{ customer, budget: id, periodStart: LIFETIME.start, periodEnd: LIFETIME.end, scale: 12, limit }])
      }
      case 'resolve': {
        const reservations = [...lending.accounts.values()].flatMap(({ doubts }) => [...doubts.keys()]).slice(0, 1)
        model({ kind, reservations })
        return sql.begin((tx) => resolveDoubts(tx, reservations.map((reservation) => ({ customer, reservation }))))
      }
      case 'end_doubts': {
        const ended = await sql.begin((tx) => endDoubts(tx, NOW, 100))
        return void model({ kind: 'resolve', reservations: ended.map(({ reservation }) => reservation) })
      }
      case 'release':
      case 'give_up':
        return end(kind, pick)
    }
  }

  const text = (amount: bigint) => formatDecimal(amount, 12)
  const plain = (amount: string) => text(parseDecimal(amount, 12, 'amount'))
  return {
    apply,
    kept: () => [...lending.accounts].map(([id, account]) => ({
      id, limit: text(account.limit), settled: text(account.settled), lost: text(account.lost), escrow: text(escrowOf(account)),
      leases: [...account.leases].filter(([, { granted, used }]) => granted !== 0n || used !== 0n).map(([holder, { granted, used, phase }]) => `${holder} ${text(granted)} ${text(used)} ${phase}`).sort(),
      doubts: [...account.doubts].map(([reservation, { amount }]) => `${reservation} ${text(amount)}`).sort(),
    })).sort((a, b) => (a.id < b.id ? -1 : 1)),
    rows: async () => {
      const [states, leases, doubts] = await Promise.all([
        sql`select budget_id as id, limit_amount as limit, settled, lost, escrow from budget_state where customer_id = ${customer} order by budget_id`,
        sql`select budget_id, node_id || '/' || incarnation as holder, granted, used, phase from lease where customer_id = ${customer}`,
        sql`select budget_id, reservation_id, amount from lease_doubt where customer_id = ${customer}`,
      ])
      return states.map(({ id, limit, settled, lost, escrow }) => ({
        id, limit: plain(limit), settled: plain(settled), lost: plain(lost), escrow: plain(escrow),
        leases: leases.filter((row) => row['budget_id'] === id && (Number(row['granted']) !== 0 || Number(row['used']) !== 0)).map((row) => `${row['holder']} ${plain(row['granted'])} ${plain(row['used'])} ${row['phase']}`).sort(),
        doubts: doubts.filter((row) => row['budget_id'] === id).map((row) => `${row['reservation_id']} ${plain(row['amount'])}`).sort(),
      })).sort((a, b) => (a.id < b.id ? -1 : 1))
    },
  }
}
