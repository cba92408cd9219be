// GET /v1/models and /v1/models/{id}: the models that this key may really use, in OpenAI's shape: offered by the catalog, served by
// an upstream, in the customer's plan and in the key's own list.

import type { KeyRecord } from '@tollgate/core'
import type { Known } from '../../hot/contract.ts'
import { authenticate, sendJson, type Exchange } from '../exchange.ts'
import { invalidRequest } from '../refusal.ts'

type ListedModel = { readonly id: string; readonly object: 'model'; readonly created: number; readonly owned_by: string }

export async function handleModels(exchange: Exchange, id: string | null): Promise<void> {
  const key = await authenticate(exchange, ['gateway', 'admin'])
  const known = key.customer === null ? null : await exchange.context.node.snapshot(key.customer)
  const models = known === null ? [] : modelsFor(exchange, key, known)
  if (id === null) return sendJson(exchange, 200, JSON.stringify({ object: 'list', data: models }))
  const model = models.find((candidate) => candidate.id === id)
  if (model === undefined) throw invalidRequest(`The model ${JSON.stringify(id.slice(0, 100))} does not exist or this key may not use it. GET /v1/models lists those it may.`, { status: 404, code: 'model_not_found', param: 'model' })
  sendJson(exchange, 200, JSON.stringify(model))
}

export function modelsFor(exchange: Exchange, key: KeyRecord, { snapshot, catalog }: Known): ListedModel[] {
  const { upstreams, clock } = exchange.context
  const feature = key.feature ?? catalog.gatewayFeature
  const allowed = catalog.plans.get(snapshot.plan)?.entitlements.get(feature)?.models ?? []
  const listed: ListedModel[] = []
  for (const name of new Set([...catalog.gatewayModels.keys(), ...catalog.rateCard.keys()])) {
    if (!allowed.includes('*') && !allowed.includes(name)) continue
    if (key.models !== null && !key.models.includes(name)) continue
    const resolved = upstreams.resolve({ name, catalog, at: clock.now(), kinds: null })
    if (resolved === null || resolved.target === null) continue
    listed.push({ id: name, object: 'model', created: Math.floor((resolved.rate?.from ?? 0) / 1_000), owned_by: resolved.target.config.provider })
  }
  return listed
}
