// Keeps one connection pool per upstream origin and finds the upstream for a model. A changed list of upstreams takes effect with
// the next request: pools that no upstream refers to any more finish what they have and close.

import { rateInForce, UPSTREAM_ROUTING, type Catalog, type Instant, type Rate, type UpstreamConfig, type UpstreamKind } from '@tollgate/core'
import type { Log } from '../platform/log.ts'
import { assertAllowedUpstream } from '../platform/private-address.ts'
import { chooseTarget } from './attempts/choose.ts'
import { standingOf, type Standing } from './attempts/standing.ts'
import { newHealth, type Health } from './attempts/health.ts'
import type { GatewayLimits } from './limits.ts'
import { createUpstream, type Upstream } from './upstream.ts'
import { KIND_FORMS } from './upstream-kinds.ts'

/** An upstream ready to be called. */
export type Target = {
  readonly config: UpstreamConfig
  readonly upstream: Upstream
  /** The path there of what a surface asks for below the base URL. */
  readonly pathOf: (path: string, model: string) => string
  /** Headers that every request to it carries, names and values in turn. */
  readonly headers: readonly string[]
  /** Headers for requests whose client sends none of that name. */
  readonly defaults: readonly string[]
  readonly isSandbox: boolean
  readonly health: Health
  /** Null where it has one key or none: then {@link headers} carry it. */
  readonly keys: readonly TargetKey[] | null
  readonly timeouts: { readonly firstByteMs: number; readonly answerMs: number; readonly idleMs: number }
}

/** One of several keys of an upstream. */
export type TargetKey = {
  readonly name: string
  readonly weight: number
  /** Those of its upstream, with this key. */
  readonly headers: readonly string[]
  /** Not used before this instant: it was refused or limited. */
  restsUntil: number
  /** What it was refused or limited with. */
  why: string
}

/** A name offered to clients, resolved. */
export type ResolvedModel = {
  readonly target: Target
  readonly upstreamModel: string
  readonly rate: Rate | null
  /** All that list the model by name, where they are several: each can stand in for the other. */
  readonly rivals: readonly Target[]
}

/** `kinds`: those that speak the surface; null for any. */
export type Wanted = { readonly upstream?: string | undefined; readonly name: string; readonly catalog: Catalog; readonly at: Instant; readonly kinds: readonly UpstreamKind[] | null }

/** `speaks` is the kind of the upstream that serves the model in another format. */
export type Unserved = { readonly target: null; readonly upstream: string | null; readonly speaks: UpstreamKind | null }

export type Upstreams = {
  /** Null when the catalog does not know the name; `target` is null when no upstream serves it, or none in this format. */
  readonly resolve: (wanted: Wanted) => ResolvedModel | Unserved | null
  /** By name, with that of its keys where it has several; null when there is none of that kind any more. */
  readonly named: (name: string, kinds: readonly UpstreamKind[], key?: string) => Target | null
  /** How each stands. */
  readonly standing: (now: number) => readonly Standing[]
  readonly close: () => Promise<void>
  /** Ends the requests in flight as aborted. */
  readonly destroy: () => Promise<void>
}

export function createUpstreams(parts: {
  readonly configs: () => readonly UpstreamConfig[]
  readonly sandboxUrl: string | null
  readonly limits: GatewayLimits
  readonly log: Log
  readonly onRetry: () => void
}): Upstreams {
  const pools = new Map<string, Upstream>()
  let seen: readonly UpstreamConfig[] | null = null
  let targets: readonly Target[] = []

  function current(): readonly Target[] {
    const configs = parts.configs()
    if (configs === seen) return targets
    seen = configs
    targets = withSandbox(configs, parts.sandboxUrl).flatMap((config) => prepare(config) ?? [])
    const used = new Set(targets.map(({ upstream }) => upstream))
    for (const [key, upstream] of pools) {
      if (used.has(upstream)) continue
      pools.delete(key)
      void upstream.close()
    }
    return targets
  }

  function prepare(config: UpstreamConfig): Target | null {
    const isSandbox = parts.sandboxUrl !== null && config.baseUrl.startsWith(parts.sandboxUrl)
    const allowPrivate = config.allowPrivate || isSandbox
    try {
      const url = assertAllowedUpstream(config.baseUrl, { allowPrivate })
      const { connectMs, firstByteMs, answerMs, idleMs } = (config.routing ?? UPSTREAM_ROUTING).timeouts
      const limits = connectMs === null ? parts.limits : { ...parts.limits, upstreamConnectTimeoutMs: connectMs }
      const key = `${url.origin} ${allowPrivate} ${limits.upstreamConnectTimeoutMs}`
      const upstream = pools.get(key) ?? createUpstream(url.origin, { allowPrivate, limits, onRetry: parts.onRetry })
      pools.set(key, upstream)
      const kind = KIND_FORMS[config.kind]
      const plain = ['accept-encoding', 'identity', 'user-agent', 'tollgate']
      const all = (config.keys ?? []).map(({ name, weight, secret }) => ({ name, weight, headers: [...plain, ...kind.authorize(secret)], restsUntil: 0, why: '' }))
      const headers = all.length > 0 ? all[0]!.headers : config.secret === null ? plain : [...plain, ...kind.authorize(config.secret)]
      const timeouts = { firstByteMs: firstByteMs ?? parts.limits.upstreamIdleMs, answerMs: answerMs ?? parts.limits.upstreamAnswerMs, idleMs: idleMs ?? parts.limits.upstreamIdleMs }
      return { config, upstream, pathOf: kind.pathOf(url), headers, defaults: kind.defaults, isSandbox, health: newHealth(), keys: all.length > 1 ? all : null, timeouts }
    } catch (error) {
      parts.log.error({ upstream: config.name, err: error }, 'upstream left out')
      return null
    }
  }

  return {
    resolve: ({ name, catalog, at, kinds, upstream }) => {
      const model = catalog.gatewayModels.get(name)
      const upstreamModel = model?.model ?? name
      const rate = rateInForce(catalog.rateCard, upstreamModel, at)
      if (model === undefined && rate === null && upstream === undefined) return null
      const named = upstream ?? model?.upstream ?? null
      const asked = { named, model: upstreamModel, provider: rate?.provider ?? null }
      const found = targetFor(current(), { ...asked, kinds })
      if (found !== null) return 'health' in found ? { target: found, upstreamModel, rate, rivals: NO_RIVALS } : { target: chooseTarget(found, at), upstreamModel, rate, rivals: found }
      const elsewhere = kinds === null ? null : targetFor(current(), { ...asked, kinds: null })
      const other = elsewhere === null || 'health' in elsewhere ? elsewhere : elsewhere[0]!
      return { target: null, upstream: other?.config.name ?? named, speaks: other?.config.kind ?? null }
    },
    named: (name, kinds, key) => {
      const target = current().find(({ config }) => config.name === name && kinds.includes(config.kind)) ?? null
      const own = key === undefined ? undefined : target?.keys?.find((one) => one.name === key)
      return target === null || own === undefined ? target : { ...target, headers: own.headers }
    },
    standing: (now) => standingOf(current(), now),
    close: async () => {
      await Promise.all([...pools.values()].map((upstream) => upstream.close()))
      pools.clear()
    },
    destroy: async () => void (await Promise.all([...pools.values()].map((upstream) => upstream.destroy()))),
  }
}

/** The built-in upstream is there without being configured, for catalogs that name it, in every format; it takes no model by itself. */
function withSandbox(configs: readonly UpstreamConfig[], baseUrl: string | null): readonly UpstreamConfig[] {
  if (baseUrl === null || configs.some(({ name }) => name === 'sandbox')) return configs
  const sandbox = { secret: null, provider: 'sandbox', models: [], allowPrivate: true, name: 'sandbox' }
  return [
    ...configs,
    { ...sandbox, id: 'ups_sandbox', kind: 'openai', baseUrl: `${baseUrl}/v1` },
    { ...sandbox, id: 'ups_sandbox_messages', kind: 'anthropic', baseUrl: `${baseUrl}/v1` },
    { ...sandbox, id: 'ups_sandbox_gemini', kind: 'gemini', baseUrl: `${baseUrl}/v1beta` },
  ]
}

type Route = { readonly named: string | null; readonly model: string; readonly provider: string | null; readonly kinds: readonly UpstreamKind[] | null }

/**
 * The upstream that the catalog names; else those that list the model, else one for all models, of the rate's provider first. One for
 * all models stands in for nobody: that a model may run elsewhere is said by listing it there.
 */
function targetFor(targets: readonly Target[], { named, model, provider, kinds }: Route): Target | readonly Target[] | null {
  let found: Target | null = null
  let rivals: Target[] | null = null
  let rank = 0
  for (const target of targets) {
    const { config } = target
    if (kinds !== null && !kinds.includes(config.kind)) continue
    if (named !== null) {
      if (config.name === named || config.id === named) return target
      continue
    }
    const score = config.models.includes(model) ? LISTED : !config.models.includes('*') ? 0 : config.provider === provider ? 2 : 1
    if (score > rank) {
      found = target
      rank = score
    } else if (score === LISTED) {
      rivals ??= [found!]
      rivals.push(target)
    }
  }
  return rivals ?? found
}

const LISTED = 3
const NO_RIVALS: readonly Target[] = []
