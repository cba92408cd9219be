// Keeps one connection pool per upstream origin and finds the upstream for a model. A changed list of upstreams takes effect with
// the next request: pools that no upstream refers to any more finish what they have and close.

import { rateInForce, type Catalog, type Instant, type Rate, type UpstreamConfig } from '@tollgate/core'
import type { Log } from '../platform/log.ts'
import { assertAllowedUpstream } from '../platform/private-address.ts'
import type { GatewayLimits } from './limits.ts'
import { createUpstream, type Upstream } from './upstream.ts'

/** An upstream ready to be called. */
export type Target = {
  readonly config: UpstreamConfig
  readonly upstream: Upstream
  /** Path of chat completions there. */
  readonly chatPath: string
  /** Headers that every request to it carries, names and values in turn. */
  readonly headers: readonly string[]
  readonly isSandbox: boolean
}

/** A name offered to clients, resolved. */
export type ResolvedModel = { readonly target: Target; readonly upstreamModel: string; readonly rate: Rate | null }

export type Upstreams = {
  /** Null when the catalog does not know the name; `target` is null when no upstream serves it. */
  readonly resolve: (name: string, catalog: Catalog, at: Instant) => ResolvedModel | { readonly target: null; readonly upstream: string | null } | null
  readonly close: () => Promise<void>
  /** Ends the requests in flight as aborted. */
  readonly destroy: () => Promise<void>
}

export function createUpstreams(parts: {
  readonly configs: () => readonly UpstreamConfig[]
  readonly sandboxBaseUrl: string | null
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
    targets = withSandbox(configs, parts.sandboxBaseUrl).flatMap((config) => prepare(config) ?? [])
    const used = new Set(targets.map(({ upstream }) => upstream))
    for (const [key, upstream] of pools) {
      if (used.has(upstream)) continue
      pools.delete(key)
      void upstream.close()
    }
    return targets
  }

  function prepare(config: UpstreamConfig): Target | null {
    const isSandbox = config.baseUrl === parts.sandboxBaseUrl
    const allowPrivate = config.allowPrivate || isSandbox
    try {
      const url = assertAllowedUpstream(config.baseUrl, { allowPrivate })
      const key = `${url.origin} ${allowPrivate}`
      const upstream = pools.get(key) ?? createUpstream(url.origin, { allowPrivate, limits: parts.limits, onRetry: parts.onRetry })
      pools.set(key, upstream)
      const headers = ['accept-encoding', 'identity', 'user-agent', 'tollgate', ...(config.secret === null ? [] : ['authorization', `Bearer ${config.secret}`])]
      return { config, upstream, chatPath: `${url.pathname.replace(/\/$/, '')}/chat/completions`, headers, isSandbox }
    } catch (error) {
      parts.log.error({ upstream: config.name, err: error }, 'upstream left out')
      return null
    }
  }

  return {
    resolve: (name, catalog, at) => {
      const model = catalog.gatewayModels.get(name)
      const upstreamModel = model?.model ?? name
      const rate = rateInForce(catalog.rateCard, upstreamModel, at)
      if (model === undefined && rate === null) return null
      const named = model?.upstream ?? null
      const target = targetFor(current(), { named, model: upstreamModel, provider: rate?.provider ?? null })
      return target === null ? { target: null, upstream: named } : { target, upstreamModel, rate }
    },
    close: async () => {
      await Promise.all([...pools.values()].map((upstream) => upstream.close()))
      pools.clear()
    },
    destroy: async () => void (await Promise.all([...pools.values()].map((upstream) => upstream.destroy()))),
  }
}

/** The built-in upstream is there without being configured, for catalogs that name it; it takes no model by itself. */
function withSandbox(configs: readonly UpstreamConfig[], baseUrl: string | null): readonly UpstreamConfig[] {
  if (baseUrl === null || configs.some(({ name }) => name === 'sandbox')) return configs
  return [...configs, { id: 'ups_sandbox', name: 'sandbox', kind: 'openai', baseUrl, secret: null, provider: 'sandbox', models: [], allowPrivate: true }]
}

/** The upstream that the catalog names; else one that lists the model; else one for all models, of the rate's provider first. */
function targetFor(targets: readonly Target[], wanted: { readonly named: string | null; readonly model: string; readonly provider: string | null }): Target | null {
  if (wanted.named !== null) return targets.find(({ config }) => config.name === wanted.named || config.id === wanted.named) ?? null
  let found: Target | null = null
  let rank = 0
  for (const target of targets) {
    const { models, provider } = target.config
    const score = models.includes(wanted.model) ? 3 : !models.includes('*') ? 0 : provider === wanted.provider ? 2 : 1
    if (score > rank) {
      found = target
      rank = score
    }
  }
  return found
}
