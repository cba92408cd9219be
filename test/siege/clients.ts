// Clients of the siege. One kind sends AI requests through the gateway; the other authorizes, runs by itself, settles, and tells late where its
// gateway process died in between. Each notes what it was told, and goes on after whatever breaks.

import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'
import type { Random } from '../sim/random.ts'
import { PROMPT_TOKENS, type Task } from './provider.ts'
import { FEATURE, MODEL, USERS, type Stage } from './stage.ts'
import type { Attempt, Truth } from './truth.ts'

export type Client = { readonly customer: string; readonly key: string; readonly random: Random }
export type Siege = { readonly stage: Stage; readonly truth: Truth; readonly isOver: () => boolean; /** Told when a wallet refused. */ readonly onExhausted: (customer: string) => void }

export const walletOf = (customer: string) => `${customer} wallet`
export const memberOf = (customer: string, user: string) => `${customer} each@${user}`
/** The gateway bounds input by bytes: the body, and what providers put in front. */
const PREAMBLE_TOKENS = 32
const OUTPUT_MAX = 64
const PAUSE_MS = 40
/** Long enough for any outage of the siege. */
const TRIES_MAX = 1_500

let made = 0
const newId = (kind: string) => `${kind}${(made += 1).toString(36).padStart(6, '0')}`

type Answer = { readonly status: number; readonly text: string }

/** Connections of one client; a new one after each break, and now and then anyway, so that all processes are met. */
function connection({ key, random }: Client, base: string) {
  let agent = new Agent({ connections: 1 })
  const renew = () => {
    void agent.destroy()
    agent = new Agent({ connections: 1 })
  }
  return {
    post: async (path: string, body: unknown, id?: string): Promise<Answer | null> => {
      if (random.chance(0.05)) renew()
      try {
        const answer = await request(`${base}${path}`, { method: 'POST', dispatcher: agent, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...(id === undefined ? {} : { 'x-request-id': id }) }, body: typeof body === 'string' ? body : JSON.stringify(body) })
        return { status: answer.statusCode, text: await answer.body.text() }
      } catch {
        renew()
        return null
      }
    },
    close: () => agent.destroy(),
  }
}

/** Sends AI requests, a quarter of them as streams. */
export async function chat(siege: Siege, client: Client): Promise<void> {
  const { stage, truth } = siege
  const { post, close } = connection(client, stage.tollgate.demo.gateway_url)
  while (!siege.isOver()) {
    const task: Task = { id: newId('chat'), output: client.random.integer(1, OUTPUT_MAX) }
    const isStream = client.random.chance(0.25)
    const body = JSON.stringify({ model: MODEL, max_tokens: OUTPUT_MAX, stream: isStream, messages: [{ role: 'user', content: JSON.stringify(task) }] })
    const attempt = truth.begin({ id: task.id, budgets: [walletOf(client.customer)], hold: Buffer.byteLength(body) + PREAMBLE_TOKENS + OUTPUT_MAX })
    const answer = await post('/v1/chat/completions', body, task.id)
    if (answer === null) truth.end(attempt, 'cut')
    else if (answer.status === 200) truth.end(attempt, !isStream || answer.text.endsWith('data: [DONE]\n\n') ? 'acknowledged' : 'cut')
    else if (answer.status === 402) denied(siege, client, attempt, answer)
    else if (answer.status === 503 || answer.status === 502) truth.end(attempt, attempt.used === null ? 'unavailable' : 'cut')
    else throw new Error(`a chat was answered ${answer.status}: ${answer.text.slice(0, 300)}`)
    if (attempt.state !== 'acknowledged') await delay(PAUSE_MS)
  }
  await close()
}

/** The provider tells when it runs something, before it answers. Run twice, it was used twice. */
export function noteRun(truth: Truth): (task: Task) => void {
  return (task) => {
    const attempt = truth.attemptOf(task.id)!
    attempt.used = (attempt.used ?? 0) + PROMPT_TOKENS + task.output
  }
}

function denied(siege: Siege, client: Client, attempt: Attempt, answer: Answer): void {
  siege.truth.end(attempt, 'refused')
  const told = JSON.parse(answer.text) as { scope?: string; error?: { scope?: string } }
  const scope = told.scope ?? told.error?.scope ?? ''
  const budget = attempt.budgets.find((one) => (scope.startsWith('wallet') ? one.endsWith(' wallet') : !one.endsWith(' wallet'))) ?? attempt.budgets[0]!
  siege.truth.deny(attempt, budget)
  if (budget === walletOf(client.customer)) siege.onExhausted(client.customer)
}

/** Authorizes, runs, settles. What it ran is told until somebody has it. */
export async function calls(siege: Siege, client: Client): Promise<void> {
  const { truth } = siege
  const { post, close } = connection(client, siege.stage.tollgate.demo.gateway_url)
  while (!siege.isOver()) {
    const user = `user-${client.random.integer(1, USERS)}`
    const [input, output] = [client.random.integer(10, 120), client.random.integer(10, 120)]
    const attempt = truth.begin({ id: newId('res_call'), budgets: [walletOf(client.customer), memberOf(client.customer, user)], hold: input + output })
    const answer = await post('/v1/authorize', { reservation_id: attempt.id, ttl_seconds: 900, feature: FEATURE, quantities: { input_tokens: String(input), output_tokens: String(output) }, dimensions: { user_id: user } })
    if (answer === null) truth.end(attempt, 'cut')
    else if (answer.status === 503) truth.end(attempt, 'unavailable')
    else if (answer.status !== 200) throw new Error(`authorize was answered ${answer.status}: ${answer.text.slice(0, 300)}`)
    else if ((JSON.parse(answer.text) as { decision: string }).decision === 'deny') {
      const { reason } = JSON.parse(answer.text) as { reason: string }
      if (reason === 'budget_unavailable') truth.end(attempt, 'unavailable')
      else denied(siege, client, attempt, answer)
    } else {
      const used = { input: client.random.integer(0, input), output: client.random.integer(0, output) }
      attempt.used = used.input + used.output
      await delay(client.random.integer(0, 20))
      await tell(siege, client, post, { id: attempt.id, user, used })
      truth.end(attempt, 'acknowledged')
    }
    if (attempt.state !== 'acknowledged') await delay(PAUSE_MS)
  }
  await close()
}

type Told = { readonly id: string; readonly user: string; readonly used: { readonly input: number; readonly output: number } }

/** Settles; where the process that kept the reservation is gone, sends the usage under its id. Either is charged, and both together once. */
async function tell({ stage }: Siege, { customer }: Client, post: (path: string, body: unknown) => Promise<Answer | null>, { id, user, used }: Told): Promise<void> {
  const quantities = { input_tokens: String(used.input), output_tokens: String(used.output) }
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const answer = await post(`/v1/reservations/${id}/settle`, { quantities, dimensions: { user_id: user } })
    if (answer?.status === 200) return
    if (answer?.status === 404) {
      await stage.insist('/v1/events', { specversion: '1.0', id, source: 'tollgate:api', type: 'ai.request', subject: customer, data: { feature: FEATURE, ...quantities, user_id: user } })
      return
    }
    if (answer !== null && answer.status !== 503) throw new Error(`settle was answered ${answer.status}: ${answer.text.slice(0, 300)}`)
    await delay(PAUSE_MS)
  }
  throw new Error(`${id} could not be settled`)
}
