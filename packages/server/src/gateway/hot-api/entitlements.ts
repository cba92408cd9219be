// GET /v1/customers/{customer}/entitlements and …/{feature}, answered from the node's memory: what is granted, out of which sources, and
// what the standing lets be used. Budgets are not asked here: whether a certain request fits is for a check to say.

import { explainEntitlement, formatInstant, type CustomerId, type EntitlementSource, type Feature, type KeyRecord } from '@tollgate/core'
import type { Known } from '../../hot/contract.ts'
import { authenticate, sendJson, type Exchange } from '../exchange.ts'
import { sendProblem } from './problem.ts'

export async function handleEntitlements(exchange: Exchange, customer: string, feature: string | null): Promise<void> {
  const key = await authenticate(exchange, ['gateway', 'customer', 'admin'])
  const known = isOwn(key, customer) ? await exchange.context.node.snapshot(customer as CustomerId) : null
  if (known === null) return sendProblem(exchange, { status: 404, code: 'not_found', field: 'customer', detail: `there is no customer ${customer}` })
  const { snapshot, catalog } = known
  const header = {
    customer: snapshot.customer, plan: snapshot.plan, standing: snapshot.standing, catalog_version: catalog.version,
    notice: snapshot.notice === null ? null : { ...snapshot.notice, until: snapshot.notice.until === null ? null : formatInstant(snapshot.notice.until) },
  }
  if (feature === null) return sendJson(exchange, 200, JSON.stringify({ ...header, features: [...catalog.features.values()].map((one) => bodyOf(known, one)) }))
  const found = catalog.features.get(feature)
  if (found === undefined) return sendProblem(exchange, { status: 404, code: 'not_found', field: 'feature', detail: `the catalog has no feature ${feature}` })
  sendJson(exchange, 200, JSON.stringify({ ...header, entitlement: bodyOf(known, found) }))
}

/** For a key of a customer no other exists. */
function isOwn(key: KeyRecord, customer: string): boolean {
  return key.customer === null || key.customer === customer
}

function bodyOf({ snapshot, catalog }: Known, feature: Feature): Record<string, unknown> {
  const { granted, usable, value, models, sources, upgradePlans } = explainEntitlement(snapshot, catalog, feature.id)
  const reason = usable ? null : granted ? 'not_in_good_standing' : 'feature_not_entitled'
  return {
    feature: feature.id, name: feature.name, kind: feature.kind, entitled: usable, reason, value, models, sources: sources.map(sourceBody), upgrade_plans: upgradePlans,
    upgrade_url: usable ? null : snapshot.upgradeUrl,
  }
}

function sourceBody({ kind, id, value, models, quantity, until, reason, won }: EntitlementSource): Record<string, unknown> {
  return { kind, id, value, models, quantity, until: until === null ? null : formatInstant(until), reason, won }
}
