// Between the client's words and those of the HTTP API: camelCase here, snake_case there.

import { TollgateError } from './error.ts'
import type { Body } from './transport.ts'
import type { Checked, Degrade, Denied, DenialReason, Entitlement, EventResult, Money, Quantities, Request, TrackedEvent } from './types.ts'

export function requestBody(request: Request): Body {
  const { customer, entity, feature, model, run, type, quantities, dimensions } = request
  return { customer, entity, feature, model, run, type, quantities: checkedQuantities(quantities), dimensions }
}

/** A CloudEvent. Names of quantities and dimensions share `data`, as the API wants it. */
export function eventBody(event: TrackedEvent & { readonly id: string; readonly source: string }): Body {
  const { id, source, customer, time, entity, feature, run } = event
  return {
    specversion: '1.0',
    id,
    source,
    type: event.type ?? 'ai.request',
    subject: customer,
    time: time instanceof Date ? time.toISOString() : time,
    data: { ...event.dimensions, ...checkedQuantities(event.quantities), entity, feature, run },
  }
}

/** A fraction that came as a number has already been a float: nobody can know what was meant. */
export function checkedQuantities(quantities: Quantities): Quantities {
  for (const [name, value] of Object.entries(quantities)) {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw new TollgateError({
        code: 'invalid_quantity',
        status: 400,
        field: `quantities.${name}`,
        message: `quantities.${name} is ${value}: send a whole number, or a fraction as text such as "1.5"`,
      })
    }
  }
  return quantities
}

const STATUS: Readonly<Record<DenialReason, Denied['status']>> = {
  frozen: 403,
  not_in_good_standing: 403,
  feature_not_entitled: 403,
  model_not_allowed: 403,
  model_unpriced: 403,
  context_length_exceeded: 400,
  output_length_exceeded: 400,
  rate_limited: 429,
  run_halted: 403,
  limit_exhausted: 402,
  allowance_exhausted: 402,
  credit_balance_exhausted: 402,
  budget_unavailable: 503,
}

export function deniedOf(body: Body): Denied {
  const text = (name: string) => textOf(body, name)
  const reason = (text('reason') ?? 'budget_unavailable') as DenialReason
  return {
    allowed: false,
    reason,
    message: text('message') ?? 'Refused.',
    status: STATUS[reason] ?? 403,
    decisionId: text('decision_id'),
    scope: text('scope'),
    limit: text('limit'),
    used: text('used'),
    required: text('required'),
    unit: text('unit'),
    resetsAt: text('resets_at'),
    topUpUrl: text('top_up_url'),
    upgradeUrl: text('upgrade_url'),
    degraded: false,
  }
}

/** What fail mode `closed` says when nobody answered. */
export function deniedByFailMode(error: TollgateError): Denied {
  return {
    ...deniedOf({ reason: 'budget_unavailable', message: `The budget cannot be confirmed right now, so the request is refused. ${error.message}` }),
    degraded: true,
  }
}

/** What fail mode `open` says when nobody answered. */
export const ADMITTED_BY_FAIL_MODE: Checked = { allowed: true, estimate: null, balance: null, catalogVersion: null, degraded: true }

export function checkedOf(body: Body): Checked {
  return {
    allowed: true,
    estimate: moneyOf(body, 'estimate'),
    balance: textOf(body, 'balance'),
    catalogVersion: typeof body['catalog_version'] === 'number' ? body['catalog_version'] : null,
    degraded: false,
  }
}

export function degradeOf(body: Body): Degrade | null {
  const degrade = body['degrade'] as Body | undefined
  if (degrade === undefined) return null
  const { output_tokens: outputTokens } = degrade
  return { model: textOf(degrade, 'model'), outputTokens: typeof outputTokens === 'number' ? outputTokens : null, instruction: textOf(degrade, 'instruction'), budget: textOf(degrade, 'budget') ?? '', reason: (textOf(degrade, 'reason') ?? 'limit_exhausted') as DenialReason }
}

export function entitlementOf(feature: string, body: Body): Entitlement {
  const one = (body['entitlement'] ?? {}) as Body
  const texts = (name: string) => (Array.isArray(one[name]) ? one[name].filter((value) => typeof value === 'string') : [])
  return {
    feature,
    entitled: one['entitled'] === true,
    value: textOf(one, 'value'),
    models: texts('models'),
    reason: textOf(one, 'reason') as DenialReason | null,
    upgradePlans: texts('upgrade_plans'),
    degraded: false,
  }
}

export function resultOf(body: Body): EventResult {
  return {
    id: textOf(body, 'id'),
    status: (textOf(body, 'status') ?? 'rejected') as EventResult['status'],
    charge: moneyOf(body, 'charge'),
    reason: textOf(body, 'reason'),
    field: textOf(body, 'field'),
  }
}

export function moneyOf(body: Body, name: string): Money | null {
  const value = body[name] as Partial<Money> | null | undefined
  return typeof value?.amount === 'string' && typeof value.currency === 'string' ? { amount: value.amount, currency: value.currency } : null
}

export function textOf(body: Body, name: string): string | null {
  const value = body[name]
  return typeof value === 'string' ? value : null
}
