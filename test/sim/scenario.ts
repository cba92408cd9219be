// What is simulated: a small catalog whose budgets are tight, so that every limit is met within a few hundred requests,
// and one customer on one of its plans, with a team and a user under it.

import {
  compileCatalog,
  instant,
  parseUnits,
  type Budget,
  type Catalog,
  type CatalogDocument,
  type CustomerId,
  type EntityId,
  type Units,
} from '@tollgate/core'
import type { StoredFacts } from '../../packages/server/src/store/customers.ts'

export const CUSTOMER = 'cus_sim' as CustomerId
export const TEAM = 'ent_team' as EntityId
export const USER = 'ent_user' as EntityId
export const FEATURE = 'chat'
export const EVENT_TYPE = 'ai.request'
/** Where runs begin: at noon, shortly before the customer's midnight, shortly before its billing period ends. */
export const STARTS = {
  noon: instant(Date.parse('2026-03-10T11:00:00Z')),
  midnight: instant(Date.parse('2026-03-10T22:59:40Z')),
  period_end: instant(Date.parse('2026-03-18T10:59:40Z')),
}

/** Prepaid refuses when the wallet is empty, hybrid accrues beyond it, quota has an allowance and nothing else. */
export const PLANS = ['prepaid', 'hybrid', 'quota'] as const
export type PlanId = (typeof PLANS)[number]

const METERS = ['input_tokens', 'output_tokens']
/** A linear price: what a node charges is final, whatever other nodes did meanwhile. */
const linear = (meter: string, perMillion: string) => ({ id: meter, name: meter, meter, model: 'per_unit' as const, amount: perMillion, per: '1000000' })
const tiered = {
  id: 'output_tokens',
  name: 'output_tokens',
  meter: 'output_tokens',
  model: 'graduated' as const,
  per: '1000',
  tiers: [
    { up_to: '40000', amount: '0.03', flat: '0.5' },
    { up_to: null, amount: '0.02', flat: '0.25' },
  ],
}

export const CATALOG_DOCUMENT: CatalogDocument = {
  currency: 'USD',
  features: [{ id: FEATURE, name: 'Chat', kind: 'metered' }],
  meters: METERS.map((id) => ({ id, name: id, unit: 'token', event_type: EVENT_TYPE, aggregation: 'sum', properties: [id], filter: {}, scale: 0 })),
  plans: [
    plan('prepaid', {
      prices: [linear('input_tokens', '15'), linear('output_tokens', '30')],
      included: '5000',
      daily: '120000',
      funding: ['allowance', 'wallet'],
    }),
    plan('hybrid', { prices: [linear('input_tokens', '15'), tiered], included: '5000', daily: '120000', funding: ['allowance', 'wallet', 'overage'] }),
    plan('quota', { prices: [], included: '90000', daily: '60000', funding: ['allowance'] }),
  ],
  credit_assets: [],
  rate_card: [],
  gateway: { feature: FEATURE, models: [] },
}

type PlanParts = {
  readonly prices: CatalogDocument['plans'][number]['prices']
  readonly included: string
  readonly daily: string
  readonly funding: CatalogDocument['plans'][number]['funding']
}

function plan(id: PlanId, parts: PlanParts): CatalogDocument['plans'][number] {
  return {
    id,
    name: id,
    public: true,
    period: 'month',
    fee: null,
    prices: parts.prices,
    funding: parts.funding,
    entitlements: [{ feature: FEATURE, value: null, models: ['*'] }],
    allowances: [{ id: 'tokens', name: 'Included tokens', meters: METERS, quantity: parts.included }],
    limits: [{ id: 'daily', name: 'Tokens a day', meters: METERS, quantity: parts.daily, window: 'day', enforcement: 'hard' }],
  }
}

export const CATALOG_VERSION = 1
export const CATALOG: Catalog = compileCatalog(CATALOG_DOCUMENT, CATALOG_VERSION)
export const LINKS = { topUpUrl: 'https://example.com/top-up', upgradeUrl: 'https://example.com/plans' }

/** The team may spend this much in a billing period, whoever pays. */
export const TEAM_CAP: Units = parseUnits('1.2', 'USD')
export const FIRST_CREDIT: Units = parseUnits('0.8', 'USD')

export function factsOf(planId: PlanId): StoredFacts {
  const cap = {
    id: 'cap:team',
    name: 'Team cap',
    unit: { kind: 'money', asset: 'USD' },
    window: 'billing_period',
    enforcement: 'hard',
    entity: TEAM,
    features: null,
  } as const
  return {
    customer: CUSTOMER,
    name: 'Simulated',
    version: 1,
    standing: 'good',
    plan: planId,
    timeZone: 'Europe/Berlin',
    anchorAt: instant(Date.parse('2026-02-18T11:00:00Z')),
    timeline: [],
    grants: [],
    clockOffsetMs: 0,
    entityPaths: { [USER]: [TEAM] },
    budgets: [cap],
    ruleLimits: new Map([[cap.id, TEAM_CAP]]),
  }
}

/** Whether nobody may pass this budget: a wallet that overage stands behind only pays first. */
export function isHard(budget: Pick<Budget, 'id' | 'enforcement'>, planId: PlanId): boolean {
  return budget.enforcement === 'hard' && !(planId === 'hybrid' && budget.id.startsWith('wallet:'))
}

export type Amounts = { readonly input: number; readonly output: number }

export function quantitiesOf(amounts: Amounts): Record<string, string> {
  return { input_tokens: String(amounts.input), output_tokens: String(amounts.output) }
}
