// An outage: PostgreSQL is cut off under load, for seconds or for minutes, and started again. Whoever pays by invoice goes on all the time, whoever
// pays in advance as far as the leases reach and is then told to try again; and at the end every record is held against what really happened.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from '../../packages/server/src/platform/postgres.ts'
import { calls, chat, memberOf, noteRun, walletOf, type Client, type Siege } from './clients.ts'
import { compare, type Compared } from './compare.ts'
import { seeded } from '../sim/random.ts'
import { setStage, USER_LIMIT, USERS } from './stage.ts'
import { createTruth, type Truth } from './truth.ts'

export type OutageOptions = { readonly downMs: number; readonly gateways: number; readonly clientsPerCustomer: number; readonly seed: number; readonly onProgress?: (line: string) => void }

/** Answers to what began while PostgreSQL was away. */
type Answers = { readonly acknowledged: number; readonly refused: number; readonly unavailable: number; readonly cut: number; /** From the cut to the last complete answer. */ readonly lastAfterMs: number }

export type OutageReport = Compared & {
  readonly requests: number
  /** By customer. */
  readonly during: Readonly<Record<string, Answers>>
  /** Most that the journals of all gateways had on disk. */
  readonly journalBytesMax: number
  /** From the start of PostgreSQL until a customer that had been told to wait was served again. */
  readonly backAfterMs: number
}

/** Load before the cut and after the return. */
const LOAD_MS = 3_000
const POLL_MS = 250
/** Never used up here: what is refused is refused wrongly. */
const PAID_IN_TOKENS = 10_000_000

export const INVOICED = 'cus_outage-invoiced'
export const PREPAID = 'cus_outage-prepaid'
export const PER_USER = 'cus_outage-users'

export async function outage(options: OutageOptions): Promise<OutageReport> {
  const { onProgress = () => undefined } = options
  const truth = createTruth()
  const stage = await setStage(options.gateways, noteRun(truth))
  const sql = connect({ url: stage.postgresUrl(), applicationName: 'outage', max: 2 })
  let isOver = false
  const siege: Siege = { stage, truth, isOver: () => isOver, onExhausted: () => undefined }
  try {
    const clients: Promise<void>[] = []
    for (const customer of [INVOICED, PREPAID, PER_USER]) {
      const { key } = await stage.customer(customer, { perUser: customer === PER_USER, plan: customer === INVOICED ? 'invoiced' : 'prepaid' })
      if (customer === INVOICED) truth.payIn(walletOf(customer), Infinity)
      else await payIn(siege, customer)
      const behave: (siege: Siege, client: Client) => Promise<void> = customer === PER_USER ? calls : chat
      for (let index = 0; index < options.clientsPerCustomer; index++) clients.push(behave(siege, { customer, key, random: seeded(options.seed * 1_000 + clients.length) }))
    }
    await delay(LOAD_MS)
    const watch = { isOver: false, journalBytesMax: 0 }
    const watching = watchJournal(join(stage.tollgate.dataDir, 'journal'), watch, truth, onProgress)
    const from = performance.now()
    let until = 0
    await stage.restartPostgres(options.downMs, () => void (until = performance.now()))
    onProgress(`PostgreSQL was away for ${Math.round((until - from) / 1_000)} s and is back`)
    await delay(LOAD_MS)
    isOver = true
    await Promise.all(clients)
    watch.isOver = true
    await watching
    return {
      requests: truth.attempts.length, during: answersDuring(truth, from, until), journalBytesMax: watch.journalBytesMax, backAfterMs: servedAgain(truth, until),
      ...(await compare(stage, truth, sql, [INVOICED, PREPAID, PER_USER])),
    }
  } finally {
    isOver = true
    await sql.end({ timeout: 1 })
    await stage.close()
  }
}

async function payIn({ stage, truth }: Siege, customer: string): Promise<void> {
  await stage.insist(`/v1/customers/${customer}/credits`, { amount: String(PAID_IN_TOKENS / 1_000), reference: customer })
  truth.payIn(walletOf(customer), PAID_IN_TOKENS)
  if (customer === PER_USER) for (let user = 1; user <= USERS; user++) truth.payIn(memberOf(customer, `user-${user}`), USER_LIMIT)
}

function answersDuring(truth: Truth, from: number, until: number): Record<string, Answers> {
  return Object.fromEntries([INVOICED, PREPAID, PER_USER].map((customer) => {
    const attempts = truth.attempts.filter((attempt) => attempt.budgets.includes(walletOf(customer)) && attempt.startedAt >= from && attempt.endedAt !== null && attempt.endedAt <= until)
    const count = (state: string) => attempts.filter((attempt) => attempt.state === state).length
    const last = Math.max(from, ...attempts.filter(({ state }) => state === 'acknowledged').map(({ endedAt }) => endedAt!))
    return [customer, { acknowledged: count('acknowledged'), refused: count('refused'), unavailable: count('unavailable'), cut: count('cut'), lastAfterMs: Math.round(last - from) }]
  }))
}

function servedAgain(truth: Truth, until: number): number {
  const first = truth.attempts.filter(({ budgets, state, endedAt }) => budgets.includes(walletOf(PREPAID)) && state === 'acknowledged' && endedAt! > until).map(({ endedAt }) => endedAt!)
  return Math.round(Math.min(...first) - until)
}

async function watchJournal(folder: string, watch: { isOver: boolean; journalBytesMax: number }, truth: Truth, tell: (line: string) => void): Promise<void> {
  for (let polls = 1; !watch.isOver; polls++) {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log'))
    const bytes = files.reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0)
    watch.journalBytesMax = Math.max(watch.journalBytesMax, bytes)
    if (polls % (10_000 / POLL_MS) === 0) tell(`${(polls * POLL_MS) / 1_000} s: ${truth.attempts.length} requests, ${bytes} bytes of journal`)
    await delay(POLL_MS)
  }
}
