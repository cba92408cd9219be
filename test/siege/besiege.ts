// The siege: clients against wallets that run out, gateway processes killed, PostgreSQL cut off, and at the end every record held against what
// really happened. Nothing in it is imitated but the provider, which has to be outside to know better.

import { setTimeout as delay } from 'node:timers/promises'
import { connect, type Sql } from '../../packages/server/src/platform/postgres.ts'
import { seeded } from '../sim/random.ts'
import { calls, chat, memberOf, noteRun, walletOf, type Siege } from './clients.ts'
import { compare, type Compared } from './compare.ts'
import { setStage, USER_LIMIT, USERS } from './stage.ts'
import { createTruth, type Truth } from './truth.ts'

export type SiegeOptions = { readonly durationMs: number; readonly gateways: number; readonly clients: number; readonly seed: number; /** Nothing is killed or cut off: every denial is judged. */ readonly calm?: boolean; readonly onProgress?: (line: string) => void }

export type Report = Compared & {
  readonly requests: number
  readonly acknowledged: number
  readonly refused: number
  readonly unavailable: number
  readonly cut: number
  readonly kills: number
  readonly restarts: number
  /** How often a wallet was found empty after it had been filled. */
  readonly exhaustions: number
  readonly judged: number
  readonly duringOutages: number
  readonly falseDenials: readonly string[]
}

const CUSTOMERS_PER_KIND = 4
/** A few times the holds of all clients of a customer: enough for a moment. */
const TOP_UP_TOKENS = 4_000
/** How long a wallet stays empty. */
const EMPTY_MS = 400
const KILL_EVERY_MS = 4_000
/** Of the siege, until PostgreSQL is cut off for the first time, and from then on. */
const RESTART_EVERY_MS = 20_000
const DOWN_MS = 1_500
/** A node that is back asks for the first time only then. */
const AFTERMATH_MS = 500

export async function besiege(options: SiegeOptions): Promise<Report> {
  const { seed, calm = false, onProgress = () => undefined } = options
  const random = seeded(seed)
  const truth = createTruth()
  const stage = await setStage(options.gateways, noteRun(truth))
  const sql = connect({ url: stage.postgresUrl(), applicationName: 'siege', max: 4 })
  try {
    const startedAt = performance.now()
    const isOver = () => performance.now() - startedAt > options.durationMs
    const empty = new Set<string>()
    const counts = { kills: 0, restarts: 0, exhaustions: 0 }
    const siege: Siege = {
      stage, truth, isOver,
      onExhausted: (customer) => {
        if (empty.has(customer)) return
        empty.add(customer)
        counts.exhaustions += 1
      },
    }
    const customers = await Promise.all(Array.from({ length: 2 * CUSTOMERS_PER_KIND }, async (_, index) => {
      const id = `cus_siege-${index + 1}`
      const perUser = index >= CUSTOMERS_PER_KIND
      if (perUser) for (let user = 1; user <= USERS; user++) truth.payIn(memberOf(id, `user-${user}`), USER_LIMIT)
      return { id, perUser, ...(await stage.customer(id, { perUser })) }
    }))
    const clients = Array.from({ length: options.clients }, (_, index) => {
      const { id, key, perUser } = customers[index % customers.length]!
      return (perUser ? calls : chat)(siege, { customer: id, key, random: seeded(seed * 1_000 + index) })
    })
    const siegeIsOn = [
      ...customers.map(({ id }) => fill(siege, id, empty, sql)),
      ...(calm ? [] : [killGateways(siege, random, counts), cutPostgres(siege, random, counts)]), progress(siege, counts, onProgress),
    ]
    await Promise.all([...clients, ...siegeIsOn])
    onProgress('the siege is over; what is journaled is being settled')
    const { judged, during, falseDenials } = truth.judge()
    const count = (state: string) => truth.attempts.filter((attempt) => attempt.state === state).length
    return {
      requests: truth.attempts.length, acknowledged: count('acknowledged'), refused: count('refused'), unavailable: count('unavailable'), cut: count('cut'), ...counts,
      judged, duringOutages: during, falseDenials, ...(await compare(stage, truth, sql, customers.map(({ id }) => id))),
    }
  } catch (error) {
    onProgress(`the last words of the server:\n${stage.tollgate.output().slice(-8_000)}`)
    throw error
  } finally {
    await sql.end({ timeout: 1 })
    await stage.close()
  }
}

/** Pays in when the wallet was found empty, again and again. */
async function fill({ stage, truth, isOver }: Siege, customer: string, empty: Set<string>, sql: Sql): Promise<void> {
  for (let times = 1; !isOver(); times++) {
    const reference = `${customer} ${times}`
    await stage.insist(`/v1/customers/${customer}/credits`, { amount: String(TOP_UP_TOKENS / 1_000), reference }, { isDone: async () => (await sql`select 1 from credit_block where reference = ${reference}`).length > 0 })
    truth.payIn(walletOf(customer), TOP_UP_TOKENS)
    empty.delete(customer)
    while (!empty.has(customer) && !isOver()) await delay(20)
    await delay(EMPTY_MS)
  }
}

async function during(truth: Truth, work: () => Promise<void>): Promise<void> {
  const outage = { from: performance.now(), until: Infinity }
  truth.outages.push(outage)
  await work()
  outage.until = performance.now() + AFTERMATH_MS
}

async function killGateways({ stage, truth, isOver }: Siege, random: ReturnType<typeof seeded>, counts: { kills: number }): Promise<void> {
  for (await delay(KILL_EVERY_MS); !isOver(); await delay(KILL_EVERY_MS * (0.5 + random.unit()))) {
    await during(truth, () => stage.killGateway(random.pick(stage.nodes)))
    counts.kills += 1
  }
}

async function cutPostgres({ stage, truth, isOver }: Siege, random: ReturnType<typeof seeded>, counts: { restarts: number }): Promise<void> {
  for (await delay(RESTART_EVERY_MS / 2); !isOver(); await delay(RESTART_EVERY_MS * (0.5 + random.unit()))) {
    await during(truth, () => stage.restartPostgres(DOWN_MS))
    counts.restarts += 1
  }
}

async function progress({ truth, isOver }: Siege, counts: Readonly<Record<string, number>>, tell: (line: string) => void): Promise<void> {
  for (let seconds = 0; !isOver(); seconds++) {
    if (seconds > 0 && seconds % 10 === 0) tell(`${seconds} s: ${truth.attempts.length} requests, ${truth.denials()} denials, ${JSON.stringify(counts)}`)
    await delay(1_000)
  }
}
