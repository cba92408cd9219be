// The compiled catalog: amounts as units, quantities at their meter's scale, look-ups as maps. Built once per version by
// compile.ts and shared by decisions, rating, invoices and explanations.

import type { AssetId, Units } from '../money.ts'
import type { Quantity } from '../quantity.ts'
import type { CumulativePrice } from '../rating/price.ts'

export type Catalog = {
  readonly version: number
  readonly currency: AssetId
  readonly features: ReadonlyMap<string, Feature>
  readonly meters: readonly Meter[]
  readonly meterById: ReadonlyMap<string, Meter>
  readonly plans: ReadonlyMap<string, Plan>
  readonly creditAssets: ReadonlyMap<string, { readonly id: string; readonly name: string; readonly currency: AssetId }>
  readonly rateCard: RateCard
  readonly gatewayFeature: string
  readonly gatewayModels: ReadonlyMap<string, GatewayModel>
}

export type Feature = { readonly id: string; readonly name: string; readonly kind: 'boolean' | 'value' | 'metered' }

export type Meter = {
  readonly id: string
  readonly name: string
  readonly unit: string
  readonly eventType: string
  readonly aggregation: 'sum' | 'count'
  readonly properties: readonly string[]
  readonly filter: ReadonlyMap<string, readonly string[]>
  readonly scale: number
}

export type Plan = {
  readonly id: string
  readonly name: string
  readonly public: boolean
  readonly period: 'month' | 'year'
  readonly fee: { readonly id: string; readonly name: string; readonly amount: Units } | null
  readonly entitlements: ReadonlyMap<string, { readonly feature: string; readonly value: string | null; readonly models: readonly string[] }>
  readonly prices: readonly CumulativePrice[]
  readonly priceByMeter: ReadonlyMap<string, CumulativePrice>
  readonly allowances: readonly Allowance[]
  readonly limits: readonly PlanLimit[]
  readonly funding: readonly ('allowance' | 'wallet' | 'overage')[]
}

export type Allowance = { readonly id: string; readonly name: string; readonly meters: readonly string[]; readonly quantity: Quantity; readonly scale: number }

export type PlanLimit = {
  readonly id: string
  readonly name: string
  readonly meters: readonly string[]
  readonly quantity: Quantity
  readonly scale: number
  readonly window: 'day' | 'week' | 'month' | 'billing_period' | 'lifetime'
  readonly enforcement: 'hard' | 'soft'
}

export type GatewayModel = { readonly name: string; readonly upstream: string | null; readonly model: string }

/** Rates by model name and alias, newest first; look up with {@link rateInForce} of rating/cost.ts. */
export type RateCard = ReadonlyMap<string, readonly Rate[]>

export type Rate = {
  readonly provider: string
  readonly model: string
  /** First instant of the UTC day from which the rate holds. */
  readonly from: number
  readonly currency: AssetId
  /** Amount per million units by usage bucket. */
  readonly perMillion: ReadonlyMap<string, Units>
  readonly contextWindow: number
  readonly outputMax: number
}
