// GET /v1/key: what the key may do and what its customer has left, for a client that wants to show it or to choose. Never cost,
// never another customer, never the key itself.

import { formatInstant, formatUnits, LIFETIME, planOf, type KeyRecord } from '@tollgate/core'
import type { Known } from '../hot/contract.ts'
import { authenticate, sendJson, type Exchange } from './exchange.ts'
import { modelsFor } from './models.ts'

export async function handleKey(exchange: Exchange): Promise<void> {
  const key = await authenticate(exchange, ['gateway', 'ingest', 'customer', 'admin'])
  const known = key.customer === null ? null : await exchange.context.node.snapshot(key.customer)
  const about = {
    id: key.id,
    hint: key.hint,
    scopes: key.scopes,
    customer: key.customer,
    entity: key.entity,
    feature: key.feature,
    expires_at: key.expiresAt === null ? null : formatInstant(key.expiresAt),
    tags: key.tags ?? {},
  }
  sendJson(exchange, 200, JSON.stringify(known === null ? about : { ...about, ...(await customerInfo(exchange, key, known)) }))
}

async function customerInfo(exchange: Exchange, key: KeyRecord, known: Known): Promise<Record<string, unknown>> {
  const { snapshot, catalog } = known
  const plan = planOf(catalog, snapshot)
  return {
    plan: { id: snapshot.plan, name: plan?.name ?? snapshot.plan },
    standing: snapshot.standing,
    period: { start: formatInstant(snapshot.period.start), end: formatInstant(snapshot.period.end) },
    features: [...(plan?.entitlements.keys() ?? [])],
    models: modelsFor(exchange, key, known).map(({ id }) => id),
    limits: snapshot.limits.map(({ id, name, enforcement, period }) => ({ id, name, enforcement, resets_at: period.end === LIFETIME.end ? null : formatInstant(period.end) })),
    balance: await balanceOfKey(exchange, key, known),
    currency: snapshot.currency,
    top_up_url: snapshot.topUpUrl,
    upgrade_url: snapshot.upgradeUrl,
  }
}

/** A check of nothing tells the balance without holding any of it. */
export async function balanceOfKey(exchange: Exchange, key: KeyRecord, { snapshot, catalog }: Known): Promise<string | null> {
  const checked = await exchange.context.node.check({
    customer: snapshot.customer, key, entity: key.entity, feature: key.feature ?? catalog.gatewayFeature, model: null, run: null, type: 'ai.request', bound: { quantities: {}, dimensions: {} },
  })
  return checked.kind === 'problem' || checked.balance === null ? null : formatUnits(checked.balance, checked.currency)
}
