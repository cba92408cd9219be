// GET /v1/models and /v1/models/{id}: the models that this key may really use: offered by the catalog, served by an upstream, in the
// customer's plan and in the key's own list. In the shape of whoever asks: OpenAI's, Anthropic's or Google's.

import { formatInstant, planOf, type Instant, type KeyRecord, type Rate } from '@tollgate/core'
import type { Known } from '../hot/contract.ts'
import { authenticate, sendJson, type Exchange } from './exchange.ts'
import { invalidRequest } from './refusal.ts'

type ListedModel = { readonly id: string; readonly provider: string; readonly rate: Rate | null }

export async function handleModels(exchange: Exchange, id: string | null): Promise<void> {
  const key = await authenticate(exchange, ['gateway', 'admin'])
  const known = key.customer === null ? null : await exchange.context.node.snapshot(key.customer)
  const models = known === null ? [] : modelsFor(exchange, key, known)
  const write = writerFor(exchange)
  if (id === null) return sendJson(exchange, 200, JSON.stringify(write.list(models)))
  const model = models.find((candidate) => candidate.id === id)
  if (model === undefined) throw invalidRequest(`The model ${JSON.stringify(id.slice(0, 100))} does not exist or this key may not use it. GET /v1/models lists those it may.`, { status: 404, code: 'model_not_found', param: 'model' })
  sendJson(exchange, 200, JSON.stringify(write.one(model)))
}

type Writer = { readonly one: (model: ListedModel) => unknown; readonly list: (models: readonly ListedModel[]) => unknown }

function writerFor({ request }: Exchange): Writer {
  // Newer clients of Google ask at the path that OpenAI's ask at.
  if (request.url?.startsWith('/v1beta/') === true || request.headers['x-goog-api-key'] !== undefined) return GOOGLE
  return request.headers['anthropic-version'] === undefined ? OPENAI : ANTHROPIC
}

const OPENAI: Writer = {
  one: ({ id, provider, rate }) => ({ id, object: 'model', created: Math.floor((rate?.from ?? 0) / 1_000), owned_by: provider }),
  list: (models) => ({ object: 'list', data: models.map(OPENAI.one) }),
}

const ANTHROPIC: Writer = {
  one: ({ id, rate }) => ({ type: 'model', id, display_name: id, created_at: formatInstant((rate?.from ?? 0) as Instant), ...(rate === null ? {} : { max_input_tokens: rate.contextWindow, max_tokens: rate.outputMax }) }),
  list: (models) => ({ data: models.map(ANTHROPIC.one), has_more: false, first_id: models[0]?.id ?? null, last_id: models.at(-1)?.id ?? null }),
}

const GOOGLE: Writer = {
  one: ({ id, rate }) => ({
    name: `models/${id}`, displayName: id, supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens', 'embedContent'],
    ...(rate === null ? {} : { inputTokenLimit: rate.contextWindow, outputTokenLimit: rate.outputMax }),
  }),
  list: (models) => ({ models: models.map(GOOGLE.one) }),
}

export function modelsFor(exchange: Exchange, key: KeyRecord, { snapshot, catalog }: Known): ListedModel[] {
  const { upstreams, clock } = exchange.context
  const feature = key.feature ?? catalog.gatewayFeature
  const allowed = planOf(catalog, snapshot)?.entitlements.get(feature)?.models ?? []
  const listed: ListedModel[] = []
  for (const name of new Set([...catalog.gatewayModels.keys(), ...catalog.rateCard.keys()])) {
    if (!allowed.includes('*') && !allowed.includes(name)) continue
    if (key.models !== null && !key.models.includes(name)) continue
    const resolved = upstreams.resolve({ name, catalog, at: clock.now(), kinds: null })
    if (resolved === null || resolved.target === null) continue
    listed.push({ id: name, provider: resolved.target.config.provider, rate: resolved.rate })
  }
  return listed
}
