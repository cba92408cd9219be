// Paths that the operator opened in the catalog (`gateway.paths`), such as a reranker's: passed on as they come, metered by the rule.
// Where an answer does not tell what the rule promises, the bound that was held is charged, as estimated: nothing is free by accident.

import { openUsageReader, UPSTREAM_KINDS, type Catalog, type GatewayPath, type ProviderUsage, type Rate, type UsageReader } from '@tollgate/core'
import { fieldsOf, flagIn, readJson, renamed, stringsIn, type JsonRequest } from './json-request.ts'
import { CHAT_STREAM } from './openai/chat.ts'
import { OPENAI_SHAPE } from './openai/shape.ts'
import { invalidRequest } from './refusal.ts'
import type { Asked, FixedUsage, Surface, SurfaceRequest } from './surface.ts'
import type { UsageBound } from './usage-bound.ts'

const OPENED = new WeakMap<Catalog, Map<string, Surface>>()

/** The surface of a path that the catalog opens; null for any other. */
export function passThroughAt(catalog: Catalog, path: string): Surface | null {
  const rule = catalog.gatewayPaths?.get(path)
  if (rule === undefined) return null
  let surfaces = OPENED.get(catalog)
  if (surfaces === undefined) OPENED.set(catalog, (surfaces = new Map()))
  let surface = surfaces.get(path)
  if (surface === undefined) surfaces.set(path, (surface = surfaceOf(rule)))
  return surface
}

function surfaceOf(rule: GatewayPath): Surface {
  // What may tell usage in any shape, and the first member of each place that the rule names.
  const names = new Set(['usage', 'meta', 'usageMetadata', 'output', ...[...rule.quantities.values()].map(([first]) => first!)])
  const notable = new RegExp(`\\[DONE\\]|"error"|${[...names].map((name) => `"${name}"`).join('|')}`)
  return {
    name: 'pass_through',
    shape: OPENAI_SHAPE,
    kinds: UPSTREAM_KINDS,
    upstream: rule.upstream,
    event: rule.eventType,
    read: (asked) => readOpened(rule, asked),
    openReader: (provider) => openRuleReader(rule, provider),
    answer: {
      tell: ({ value, text }) => ({ model: text('model'), modelVersion: text('modelVersion'), service_tier: text('service_tier'), ...Object.fromEntries([...names].map((name) => [name, value(name)])) }),
      textOf: () => '',
      stream: { ...CHAT_STREAM, notable },
      isBytes: true,
    },
  }
}

function readOpened(rule: GatewayPath, { body, contentType, query }: Asked): SurfaceRequest {
  const json = /^application\/(?:[^;]*\+)?json/i.test(contentType) || contentType === '' ? readJson(body, new Set(['model', 'stream'])) : null
  const named = json?.value['model']
  const model = typeof named === 'string' && named !== '' && named.length <= 200 ? named : rule.model
  if (model === null) throw invalidRequest('model must be the name of a model.', { param: 'model', code: 'invalid_value' })
  return {
    body, model, isStream: json !== null && flagIn(json.value, 'stream'), wantsUsage: true,
    bound: (rate) => boundOf(rule, body, rate),
    ask: (upstreamModel) => ({ path: `${rule.path.replace(/^\/v1(?=\/)/, '')}${query}`, body: json === null ? body : renamedWhereNamed(json, model, upstreamModel), contentType }),
    countable: () => ({ text: json === null ? '' : stringsIn(json.value), overhead: 0 }),
    fixed: () => fallbackOf(rule),
  }
}

function renamedWhereNamed(json: JsonRequest, model: string, upstreamModel: string): Buffer {
  return json.value['model'] === model ? renamed(json, model, upstreamModel) : json.body
}

const PREAMBLE_TOKENS = 32

function boundOf(rule: GatewayPath, body: Buffer, rate: Rate | null): UsageBound {
  const bytes = body.length + PREAMBLE_TOKENS
  const units = Object.fromEntries([...rule.bound].map(([property, most]) => [property, Math.ceil(Number(most))]))
  return { inputTokens: rule.usage === null ? 0 : rate === null ? bytes : Math.min(bytes, rate.contextWindow), outputTokens: 0, units }
}

function fallbackOf(rule: GatewayPath): FixedUsage {
  return { buckets: Object.fromEntries([...rule.bound].map(([property, most]) => [bucketOf(property), Math.ceil(Number(most))])), isEstimated: true }
}

/** Properties of tokens are told by their buckets; whatever else is counted one by one. */
function bucketOf(property: string): string {
  return property === 'input_tokens' ? 'input' : property === 'cached_input_tokens' ? 'cached_input' : property === 'output_tokens' ? 'output' : property
}

/** The usage of the shape that the rule names, and the numbers that it points to: each the largest that any event told. */
function openRuleReader(rule: GatewayPath, provider: string): UsageReader {
  const shaped = rule.usage === null ? null : openUsageReader(rule.usage, provider)
  const found: Record<string, number> = {}
  let model: string | null = null
  return {
    add: (event) => {
      shaped?.add(event)
      const told = fieldsOf(event)['model']
      if (typeof told === 'string') model = told
      for (const [property, place] of rule.quantities) {
        const count = numberAt(event, place)
        if (count !== null) found[bucketOf(property)] = Math.max(found[bucketOf(property)] ?? 0, count)
      }
    },
    usage: () => {
      const usage = shaped?.usage() ?? nothingTold(model)
      const missing = [...rule.quantities.keys()].filter((property) => found[bucketOf(property)] === undefined)
      return {
        ...usage, buckets: { ...usage.buckets, ...found },
        problems: [...usage.problems, ...missing.map((property) => ({ code: 'missing_count' as const, field: property, message: `the answer tells no ${property}` }))],
      }
    },
  }
}

function nothingTold(model: string | null): ProviderUsage {
  return { model, tier: 'standard', region: null, labels: {}, buckets: {}, elsewhere: [], total: { counted: 0, stated: null }, problems: [] }
}

function numberAt(event: unknown, place: readonly string[]): number | null {
  let value: unknown = event
  for (const name of place) value = fieldsOf(value)[name]
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? Math.ceil(value) : null
}
