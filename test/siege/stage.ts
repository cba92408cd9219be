// What the siege is about: a PostgreSQL of its own that can be killed and started again, a server with several gateway processes, a provider
// that counts, and customers with wallets that run out. One token costs a thousandth of a dollar, whoever sends it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../packages/server/src/platform/embedded-postgres.ts'
import { silentLog } from '../../packages/server/src/platform/log.ts'
import { dataFolder, startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { startProvider, type Provider, type Task } from './provider.ts'

export const FEATURE = 'work'
export const MODEL = 'counted'
/** Of each user of a customer of the second kind, for its whole life. */
export const USER_LIMIT = 2_500
export const USERS = 30

const CATALOG = `
currency: USD
features: [{ id: ${FEATURE}, name: Work, kind: metered }]
meters:
  - { id: input, unit: token, event_type: ai.request, properties: [input_tokens] }
  - { id: output, unit: token, event_type: ai.request, properties: [output_tokens] }
plans:
  - id: prepaid
    name: Prepaid
    entitlements: [${FEATURE}]
    prices:
      - { id: input, meter: input, model: per_unit, amount: 1, per: 1000 }
      - { id: output, meter: output, model: per_unit, amount: 1, per: 1000 }
    funding: [wallet]
  - id: invoiced
    name: Invoiced
    entitlements: [${FEATURE}]
    prices:
      - { id: input, meter: input, model: per_unit, amount: 1, per: 1000 }
      - { id: output, meter: output, model: per_unit, amount: 1, per: 1000 }
    funding: [overage]
credit_assets: [{ id: usd, name: Prepaid balance, currency: USD }]
rate_card: [{ provider: counting, model: ${MODEL}, from: 2024-01-01, per_million: { input: 1, output: 1 }, context_window: 8192, output_max: 512 }]
gateway: { feature: ${FEATURE}, models: [{ name: ${MODEL}, upstream: counting }] }
`

export type Stage = {
  readonly tollgate: Tollgate
  readonly provider: Provider
  readonly postgresUrl: () => string
  readonly nodes: readonly string[]
  /** Makes a customer with a key of its own; `perUser` adds the template. */
  readonly customer: (id: string, options: { readonly perUser: boolean; readonly plan?: 'prepaid' | 'invoiced' }) => Promise<{ readonly key: string }>
  /** `kill -9` of one gateway process. Resolves when it is back and its dead self's leases are closed. */
  readonly killGateway: (node: string) => Promise<void>
  /** Cuts PostgreSQL off as a power cut would, and starts it again after `downMs`. Resolves when the server has it again; `onStart` is told before. */
  readonly restartPostgres: (downMs: number, onStart?: () => void) => Promise<void>
  /** An answer under 300, tried again through outages. `isDone` is asked before each further try: the answer may have been lost, not the call. */
  readonly insist: (path: string, body: unknown, options?: { readonly method?: 'POST' | 'PUT'; readonly isDone?: () => Promise<boolean> }) => Promise<Record<string, unknown>>
  readonly close: () => Promise<void>
}

const RETRY_MS = 50
const INSIST_MS = 60_000

export async function setStage(gateways: number, onRun: (task: Task) => void): Promise<Stage> {
  const postgresFolder = dataFolder()
  const log = silentLog()
  let postgres: EmbeddedPostgres = await startEmbeddedPostgres({ dataDir: postgresFolder, log })
  const provider = await startProvider(onRun)
  const tollgate = await startTollgate(dataFolder(), { args: ['--port', '0', '--gateway-port', '0', '--gateways', String(gateways)], env: { DATABASE_URL: postgres.url, TOLLGATE_LOG_LEVEL: 'error' } })
  const { demo, dataDir } = tollgate
  const headers = { authorization: `Bearer ${demo.admin_key}`, 'content-type': 'application/json' }

  async function insist(path: string, body: unknown, { method = 'POST', isDone }: NonNullable<Parameters<Stage['insist']>[2]> = {}): Promise<Record<string, unknown>> {
    const deadline = performance.now() + INSIST_MS
    for (let last = ''; ; await delay(RETRY_MS)) {
      if (last !== '' && isDone !== undefined && (await untilKnown(isDone, () => true))) return {}
      if (performance.now() > deadline) throw new Error(`${method} ${path}: ${last}`)
      try {
        const answer = await fetch(`${demo.url}${path}`, { method, headers, body: JSON.stringify(body) })
        const text = await answer.text()
        // Recorded before, as its own settlement would be: the first stands.
        if (answer.status < 300 || text.includes('"event_conflict"')) return JSON.parse(text) as Record<string, unknown>
        last = `${answer.status} ${text}`
        if (answer.status < 500) throw new Error(`${method} ${path}: ${last}`, { cause: 'refused' })
      } catch (error) {
        if (error instanceof Error && error.cause === 'refused') throw error
        last = String(error)
      }
    }
  }

  async function incarnationOf(node: string): Promise<number> {
    const { nodes } = await tollgate.get<{ nodes: { id: string; incarnation: number; connected: boolean }[] }>('/v1/system')
    const found = nodes.find(({ id }) => id === node)
    return found?.connected === true ? found.incarnation : 0
  }

  await insist('/v1/catalog', { source: CATALOG }, { method: 'PUT' })
  await insist('/v1/upstreams', { name: 'counting', kind: 'openai', base_url: provider.url, provider: 'counting', models: [MODEL], secret: 'of-nobody', allow_private: true })
  return {
    tollgate,
    provider,
    insist,
    nodes: Array.from({ length: gateways }, (_, index) => `local-${index + 1}`),
    postgresUrl: () => postgres.url,
    customer: async (id, { perUser, plan = 'prepaid' }) => {
      await insist('/v1/customers', { id, name: id, plan })
      if (perUser) await insist(`/v1/customers/${id}/budgets/each`, { name: 'Each user', limit: String(USER_LIMIT), meters: ['input', 'output'], window: 'lifetime', enforcement: 'hard', per: ['user_id'] }, { method: 'PUT' })
      const { key } = await insist('/v1/keys', { name: id, scopes: ['gateway'], customer: id })
      return { key: String(key) }
    },
    killGateway: async (node) => {
      const before = await untilKnown(() => incarnationOf(node), (incarnation) => incarnation > 0)
      const { pid } = JSON.parse(readFileSync(join(dataDir, 'journal', node, 'lock'), 'utf8')) as { pid: number }
      process.kill(pid, 'SIGKILL')
      await untilKnown(() => incarnationOf(node), (incarnation) => incarnation > before)
    },
    restartPostgres: async (downMs, onStart) => {
      // Immediate: nothing is written back, the next start recovers from the log.
      process.kill(postgres.pid, 'SIGQUIT')
      await delay(downMs)
      onStart?.()
      postgres = await startEmbeddedPostgres({ dataDir: postgresFolder, log })
      await untilKnown(() => tollgate.get('/v1/system'), () => true)
    },
    close: async () => {
      await tollgate.stop()
      await provider.close()
      await postgres.stop()
    },
  }
}

/** Asked again until it is so; an error is no answer. */
async function untilKnown<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + INSIST_MS
  for (;;) {
    const answer = await ask().then((value) => ({ value }), () => null)
    if (answer !== null && isSo(answer.value)) return answer.value
    if (performance.now() > deadline) throw new Error('the server did not come back')
    await delay(RETRY_MS)
  }
}
