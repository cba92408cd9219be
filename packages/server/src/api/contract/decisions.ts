// Routes that the gateway answers from memory: this API passes them on byte for byte, so that one address serves all. What they
// look like is described here; gateway/hot-api reads and answers them.

import { CHECKS_PER_REQUEST_MAX, RESERVATION_TTL_MS, RESERVATION_TTL_MS_MAX } from '@tollgate/core'
import * as z from 'zod'
import { decimal, id, money, nothing, text, time, word } from './fields.ts'
import { route } from './route.ts'

const quantities = z
  .record(z.string(), z.union([z.string(), z.int()]))
  .meta({ description: 'Numbers by property: whole numbers, or decimal text.', examples: [{ input_tokens: 1200, output_tokens: 500 }] })
const dimensions = z.record(z.string(), z.string()).meta({ description: 'Labels that select meters.', examples: [{ region: 'eu' }] })
const balance = decimal('Wallet balance as this gateway knows it; null without a wallet.', '12.25').nullable()

const request = {
  customer: id('cus', 'The customer; may be left out with a key that belongs to one.').optional(),
  entity: id('ent', 'Entity that the request counts for.').nullable().optional(),
  feature: word('Feature that it uses; may be left out with a key that names one.', 'chat').optional(),
  model: text('Model that it asks for.', 'gpt-5-mini').nullable().optional(),
  run: text('Agent run that it belongs to.', 'run_7').nullable().optional(),
  type: text('Type of the usage event that settling makes.', 'ai.request').optional(),
  quantities: quantities.meta({ description: 'The most that it can use, by property.' }),
  dimensions: dimensions.optional(),
}

const warnings = z
  .array(
    z.strictObject({
      why: z.enum(['soft', 'observed', 'overage', 'throttled', 'unconfirmed', 'runaway']).meta({ description: 'Why it was let through all the same.', examples: ['soft'] }),
      budget: z.string().meta({ description: 'What did not hold.', examples: ['cap:research'] }),
      reason: z.string().meta({ description: 'The reason that it would have refused with.', examples: ['limit_exhausted'] }),
      message: z.string().meta({ description: 'For a person.' }),
    }),
  )
  .optional()
  .meta({ description: 'What did not hold and let the request through; left out when there is nothing.' })

const denied = z
  .strictObject({
    decision: z.literal('deny'),
    decision_id: id('dec', 'Id of the decision.'),
    reason: z
      .string()
      .meta({
        description:
          '`frozen`, `not_in_good_standing`, `feature_not_entitled`, `model_not_allowed`, `model_unpriced`, `context_length_exceeded`, `output_length_exceeded`, `rate_limited`, `run_halted`, `limit_exhausted`, `allowance_exhausted`, `credit_balance_exhausted` or `budget_unavailable`.',
        examples: ['credit_balance_exhausted'],
      }),
    scope: z.string().meta({ description: 'What refused.', examples: ['wallet:USD'] }),
    message: z.string().meta({ description: 'For a person: what happened and what to do.' }),
    limit: z.string().nullable(),
    used: z.string().nullable(),
    required: z.string().nullable(),
    unit: z.string().nullable(),
    resets_at: time('When the budget starts anew; null when only a top-up or another plan helps.').nullable(),
    top_up_url: z.string().nullable(),
    upgrade_url: z.string().nullable(),
    retry_after_seconds: z.int().optional().meta({ description: 'Of a rate: when such a request passes, 60 at most.', examples: [3] }),
    fits_output_tokens: z.int().optional().meta({ description: 'The largest number of output tokens with which it would fit.', examples: [310] }),
    upgrade_plans: z.array(z.string()).optional().meta({ description: 'Public plans that contain the feature or model that was refused.' }),
  })
  .meta({ id: 'Denied', description: 'The request must not run. Data, not an error.' })
const allowed = z
  .strictObject({
    decision: z.enum(['allow', 'degrade']).meta({ description: '`degrade`: it may run as `degrade` says. Only with `can_degrade`.', examples: ['allow'] }),
    reservation_id: id('res', 'Settle or release it.'),
    estimate: money.meta({ description: 'The most that it can cost; held until it is settled.' }),
    balance,
    expires_at: time('When the hold ends by itself.'),
    catalog_version: z.int(),
    replayed: z.boolean().meta({ description: 'The same reservation was authorized before: this is the first answer again.' }),
    degrade: z
      .strictObject({
        model: z.string().nullable().meta({ description: 'Use this model instead; null for the one asked for.', examples: ['gpt-5-mini'] }),
        output_tokens: z.int().nullable().meta({ description: 'Ask for no more output than this; null for what was asked.', examples: [310] }),
        instruction: z.string().nullable().meta({ description: 'Add this to the instructions of the request; null for nothing.', examples: ['Answer as briefly as you can.'] }),
        budget: z.string().meta({ description: 'The budget that had not enough left.', examples: ['cap:research'] }),
        reason: z.string().meta({ description: 'The reason that it would have been refused with.', examples: ['limit_exhausted'] }),
      })
      .optional(),
    warnings,
  })
  .meta({ id: 'Allowed', description: 'The request may run; what it can cost is held.' })
const checked = z.strictObject({ decision: z.literal('allow'), estimate: money, balance, catalog_version: z.int(), warnings })

const reservationParam = z.strictObject({ reservation: id('res', 'Id of the reservation.') })
const outcomes = ['customer_not_found', 'budget_unavailable', 'gateway_unavailable']
const ofReservation = ['reservation_not_found', 'already_settled', 'already_released', 'gateway_unavailable']
const access = ['gateway', 'ingest'] as const

export const decisionRoutes = {
  authorize: route({
    method: 'POST',
    path: '/v1/authorize',
    tag: 'decisions',
    summary: 'Authorize a request',
    description:
      'Decides over all limits that apply and who pays, and holds what the request can cost at most. A repeated call with the same `reservation_id` and request gets the first answer.',
    access,
    params: nothing,
    query: nothing,
    body: z.strictObject({
      reservation_id: id('res', 'An id of your choice, so that the call can be repeated.').optional(),
      ...request,
      can_degrade: z.boolean().optional().meta({ description: 'You can use another model or less output where the answer says `degrade`; otherwise such a request is refused.' }),
      ttl_seconds: z
        .int()
        .min(1)
        .max(RESERVATION_TTL_MS_MAX / 1_000)
        .optional()
        .meta({ description: `How long the hold stands; ${RESERVATION_TTL_MS / 1_000} unless stated.` }),
    }),
    status: 200,
    answer: z.union([allowed, denied]),
    problems: [...outcomes, 'reservation_conflict'],
  }),
  check: route({
    method: 'POST',
    path: '/v1/check',
    tag: 'decisions',
    summary: 'Check a request',
    description: 'Decides as authorize does and holds nothing.',
    access,
    params: nothing,
    query: nothing,
    body: z.strictObject(request),
    status: 200,
    answer: z.union([checked, denied]),
    problems: outcomes,
  }),
  checkBatch: route({
    method: 'POST',
    path: '/v1/check/batch',
    tag: 'decisions',
    summary: 'Check many requests',
    description: 'Each as check does, answered in their order; one that is not valid does not keep the others from their answer.',
    access,
    params: nothing,
    query: nothing,
    body: z.strictObject({ requests: z.array(z.strictObject(request)).min(1).max(CHECKS_PER_REQUEST_MAX).meta({ description: 'The requests.' }) }),
    status: 200,
    answer: z.strictObject({
      results: z.array(z.union([checked, denied, z.strictObject({ decision: z.literal('error'), code: z.string(), detail: z.string(), field: z.string().nullable() })])).meta({ description: 'One for each request.' }),
    }),
    problems: ['gateway_unavailable', 'out_of_range'],
  }),
  settle: route({
    method: 'POST',
    path: '/v1/reservations/{reservation}/settle',
    tag: 'decisions',
    summary: 'Settle a reservation',
    description:
      'Books what was really used, also where it is more than was held. Answers when it survives a power loss. May be repeated. After the reservation is forgotten, send POST /v1/events with its id.',
    access,
    params: reservationParam,
    query: nothing,
    body: z.strictObject({
      quantities,
      dimensions: dimensions.optional(),
      cost: money.nullable().optional().meta({ description: 'What the provider charges for it.' }),
      estimated: z.boolean().optional().meta({ description: 'The numbers were counted, not told by the provider.' }),
    }),
    status: 200,
    answer: z.strictObject({
      reservation_id: id('res', 'The reservation.'),
      charge: money,
      final: z.boolean().meta({ description: 'False where tiers stand differently until the charge is posted.' }),
      balance,
      replayed: z.boolean(),
    }),
    problems: [...ofReservation, 'settled_with_other_usage'],
  }),
  extend: route({
    method: 'POST',
    path: '/v1/reservations/{reservation}/extend',
    tag: 'decisions',
    summary: 'Extend a reservation',
    description: 'Raises the hold to a new bound. A denial leaves the old hold in force.',
    access,
    params: reservationParam,
    query: nothing,
    body: z.strictObject({ quantities, dimensions: dimensions.optional() }),
    status: 200,
    answer: z.union([allowed, denied]),
    problems: ofReservation,
  }),
  release: route({
    method: 'POST',
    path: '/v1/reservations/{reservation}/release',
    tag: 'decisions',
    summary: 'Release a reservation',
    description: 'Ends the hold without use. May be repeated.',
    access,
    params: reservationParam,
    query: nothing,
    body: nothing,
    status: 200,
    answer: z.strictObject({ reservation_id: id('res', 'The reservation.'), released: z.literal(true), replayed: z.boolean() }),
    problems: ofReservation,
  }),
  getOwnKey: route({
    method: 'GET',
    path: '/v1/key',
    tag: 'decisions',
    summary: 'Get the key in use',
    description: 'What the key of this call may do, and the balance of its customer.',
    access: ['gateway', 'ingest', 'customer'],
    params: nothing,
    query: nothing,
    body: null,
    status: 200,
    answer: z.looseObject({}),
    problems: ['gateway_unavailable'],
  }),
} as const
