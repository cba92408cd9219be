// A gateway for tests: the real one, on a real node and a real control plane, with the sandbox and an upstream that answers what
// the test says. Everything listens on ephemeral loopback ports; clients are the official SDK or plain fetch.

import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import type { CustomerId, EntityId, KeyScope, UpstreamConfig } from '@tollgate/core'
import { SYSTEM } from '../packages/server/src/app/actor.ts'
import { createBackgroundJobs } from '../packages/server/src/app/background-jobs.ts'
import { createKey } from '../packages/server/src/app/keys.ts'
import { createPrompts } from '../packages/server/src/app/prompts.ts'
import { spentBy } from '../packages/server/src/app/usage-report.ts'
import { createSandbox } from '../packages/server/src/gateway/sandbox/server.ts'
import type { GatewayLimits } from '../packages/server/src/gateway/limits.ts'
import { countingMetrics } from '../packages/server/src/gateway/metrics.ts'
import { createGateway, type Gateway } from '../packages/server/src/gateway/server.ts'
import type { HotNode, Usage } from '../packages/server/src/hot/contract.ts'
import { systemClock } from '../packages/server/src/platform/clock.ts'
import { createLog, silentLog } from '../packages/server/src/platform/log.ts'
import { testPlane, type TestPlane } from './plane.ts'

/** Token prices of one dollar-cent per input and two per output token, so that charges are easy to read; no allowance. */
export const TEST_CATALOG = `
currency: USD
features:
  - { id: chat, name: Chat, kind: metered }
  - { id: agents, name: Agents, kind: metered }
meters:
  - { id: input_tokens, unit: token, event_type: ai.request, properties: [input_tokens, cached_input_tokens] }
  - { id: output_tokens, unit: token, event_type: ai.request, properties: [output_tokens] }
plans:
  - id: wallet
    name: Wallet
    entitlements:
      - { feature: chat, models: [sandbox-small, alias, fixed-model, fixed-claude, fixed-gemini, sandbox-image, sandbox-dalle, sandbox-whisper, sandbox-voice, sandbox-tts, "gpt-4.1-nano", orphan] }
    prices:
      - { id: input_tokens, meter: input_tokens, model: per_unit, amount: 0.01 }
      - { id: output_tokens, meter: output_tokens, model: per_unit, amount: 0.02 }
    funding: [wallet]
credit_assets:
  - { id: usd, name: Prepaid balance, currency: USD }
rate_card:
  - { provider: sandbox, model: sandbox-small, from: 2024-01-01, per_million: { input: 1, cached_input: 0.1, output: 2 }, context_window: 8192, output_max: 512 }
  - { provider: sandbox, model: sandbox-large, from: 2024-01-01, per_million: { input: 5, output: 15 }, context_window: 32768, output_max: 4096 }
  - { provider: sandbox, model: sandbox-image, from: 2024-01-01, per_million: { input: 5, image_input: 10, image_output: 40 }, context_window: 4096, output_max: 300 }
  - provider: sandbox
    model: sandbox-dalle
    from: 2024-01-01
    per_million: {}
    per_unit: { images: 0.04 }
    variants:
      - { when: { quality: [hd], size: ["1024x1024"] }, per_unit: { images: 0.08 } }
    context_window: 4096
    output_max: 1
  - { provider: sandbox, model: sandbox-whisper, from: 2024-01-01, per_million: {}, per_unit: { audio_seconds: 0.0001 }, context_window: 1, output_max: 1 }
  - { provider: sandbox, model: sandbox-voice, from: 2024-01-01, per_million: {}, per_unit: { characters: 0.000015 }, context_window: 4096, output_max: 1 }
  - { provider: sandbox, model: sandbox-tts, from: 2024-01-01, per_million: { input: 0.6, audio_output: 12 }, context_window: 4096, output_max: 2000 }
  - { provider: openai, model: "gpt-4.1-nano", from: 2024-01-01, per_million: { input: 0.1, cached_input: 0.025, output: 0.4 }, context_window: 1047576, output_max: 512 }
  - provider: anthropic
    model: claude-haiku-4-5
    patterns: ["claude-haiku-4-5-*"]
    from: 2024-01-01
    per_million: { input: 1, cached_input: 0.1, cache_write_5m: 1.25, cache_write_1h: 2, output: 5 }
    per_unit: { web_search_requests: 0.01 }
    context_window: 200000
    output_max: 512
  - { provider: google, model: gemini-flash, patterns: ["gemini-flash-*"], from: 2024-01-01, per_million: { input: 0.3, cached_input: 0.03, output: 2.5 }, context_window: 1048576, output_max: 512 }
gateway:
  feature: chat
  paths:
    - { path: /v1/rerank, upstream: fixed, model: alias, quantities: { search_units: meta.billed_units.search_units }, bound: { search_units: 10 } }
  feature_rules:
    - { feature: agents, header: x-app, value: agents }
  models:
    - { name: sandbox-small, upstream: sandbox }
    - { name: sandbox-large, upstream: sandbox }
    - { name: alias, upstream: sandbox, model: sandbox-small }
    - { name: fixed-model, upstream: fixed, model: "gpt-4.1-nano" }
    - { name: sandbox-image, upstream: sandbox }
    - { name: sandbox-dalle, upstream: fixed }
    - { name: sandbox-whisper, upstream: fixed }
    - { name: sandbox-voice, upstream: sandbox }
    - { name: sandbox-tts, upstream: sandbox }
    - { name: fixed-claude, upstream: fixed-anthropic, model: claude-haiku-4-5 }
    - { name: fixed-gemini, upstream: fixed-gemini, model: gemini-flash }
    - { name: orphan, upstream: nowhere, model: "gpt-4.1-nano" }
`

type UpstreamRequest = { readonly method: string; readonly headers: IncomingHttpHeaders; readonly body: string; readonly path: string }

export type FixedUpstream = {
  readonly baseUrl: string
  /** How the next requests are answered; each receives the request's bytes. */
  answer: (response: ServerResponse, request: UpstreamRequest) => void
  /** Requests so far, oldest first. */
  readonly requests: UpstreamRequest[]
  readonly close: () => Promise<void>
}

export type TestGateway = {
  readonly world: TestPlane
  readonly node: HotNode
  readonly gateway: Gateway
  readonly url: string
  readonly upstream: FixedUpstream
  readonly counts: ReadonlyMap<string, number>
  /** What was settled, in the order of the settles. */
  readonly settled: (Usage & { readonly reservation: string })[]
  readonly customer: (credit?: string) => Promise<CustomerId>
  readonly key: (customer: CustomerId | null, options?: KeyOptions) => Promise<string>
  /** The official SDK with its default retries. */
  readonly client: (key: string, headers?: Readonly<Record<string, string>>) => OpenAI
  readonly post: (path: string, body: unknown, options: { readonly key?: string; readonly headers?: Readonly<Record<string, string>>; readonly signal?: AbortSignal }) => Promise<Response>
  /** Upstreams beside those that are always there; all are in good health again. */
  readonly withUpstreams: (more: readonly UpstreamConfig[]) => void
  readonly close: () => Promise<void>
}

type KeyOptions = { readonly scopes?: readonly KeyScope[]; readonly models?: readonly string[]; readonly feature?: string; readonly entity?: EntityId; readonly showsCost?: boolean }

export async function testGateway(options: { readonly limits?: Partial<GatewayLimits>; readonly catalog?: string } = {}): Promise<TestGateway> {
  const log = process.env['TEST_LOG'] === undefined ? silentLog() : createLog({ level: 'debug', pretty: true })
  const world = await testPlane({ catalog: options.catalog ?? TEST_CATALOG })
  const settled: TestGateway['settled'] = []
  const node = recording(await world.node(), settled)
  const sandbox = createSandbox({ log })
  const sandboxPort = await listen(sandbox.server)
  const upstream = await fixedUpstream()
  const metrics = countingMetrics()
  const fixed = { baseUrl: upstream.baseUrl, secret: 'sk-provider', models: [], allowPrivate: true }
  const given: readonly UpstreamConfig[] = [
    { ...fixed, id: 'ups_fixed', name: 'fixed', kind: 'openai', provider: 'openai' },
    { ...fixed, id: 'ups_fixed_anthropic', name: 'fixed-anthropic', kind: 'anthropic', provider: 'anthropic' },
    { ...fixed, id: 'ups_fixed_gemini', name: 'fixed-gemini', kind: 'gemini', provider: 'google' },
  ]
  const routed = { configs: given }
  const gateway = createGateway({
    node, background: createBackgroundJobs(world.plane), backgroundPace: { firstLookMs: 20, lookMsMost: 50, claimEveryMs: 100 }, prompts: createPrompts(world.plane), sharedAnswers: world.plane.sharedAnswers, rests: { tell: async (rests) => world.plane.restingUpstreams.told('node-1', rests) }, spent: (customer, from, to) => spentBy(world.plane, customer, from, to), clock: systemClock, log, sandboxUrl: `http://127.0.0.1:${sandboxPort}`, upstreams: () => routed.configs, metrics, limits: { closeNoticeMs: 0, ...options.limits },
  })
  const url = `http://127.0.0.1:${await gateway.listen(0, '127.0.0.1')}`
  return {
    withUpstreams: (more) => { routed.configs = [...given, ...more] },
    world, node, gateway, url, upstream, counts: metrics.counts, settled,
    customer: (credit = '100') => world.customer({ plan: 'wallet', credit }),
    key: async (customer, { scopes = [customer === null ? 'admin' as const : 'gateway' as const], models, feature, entity, showsCost } = {}) => {
      const { raw } = await createKey(world.plane, SYSTEM, {
        name: 'test', scopes, customer, entity: entity ?? null, feature: feature ?? null, models: models ?? null, showsCost: showsCost ?? false, expiresAt: null,
      })
      return raw
    },
    client: (key, headers = {}) => new OpenAI({ apiKey: key, baseURL: `${url}/v1`, defaultHeaders: { 'x-sandbox-chunk-delay-ms': '0', ...headers } }),
    post: (path, body, { key, headers, signal }) => fetch(`${url}${path}`, {
      method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), ...(signal === undefined ? {} : { signal }),
      headers: { 'content-type': 'application/json', 'x-sandbox-chunk-delay-ms': '0', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...headers },
    }),
    close: async () => {
      await gateway.close()
      await sandbox.close()
      await upstream.close()
      await world.close()
    },
  }
}

/** The node itself; only a copy of each settlement is kept. */
function recording(node: HotNode, settled: TestGateway['settled']): HotNode {
  return {
    ...node,
    settle: (reservation, usage) => {
      const answer = node.settle(reservation, usage)
      // The record of a request that used nothing is no settlement.
      if (answer.kind === 'settled' && !answer.replayed && usage.type === undefined) settled.push({ ...usage, reservation })
      return answer
    },
  }
}

export async function fixedUpstream(): Promise<FixedUpstream> {
  const requests: FixedUpstream['requests'] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => void chunks.push(chunk))
    request.on('end', () => {
      const received = { method: request.method ?? '', headers: request.headers, body: Buffer.concat(chunks).toString(), path: request.url ?? '' }
      requests.push(received)
      upstream.answer(response, received)
    })
  })
  const port = await listen(server)
  const upstream: FixedUpstream = {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    answer: (response) => void response.end(),
    requests,
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
  return upstream
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
