// POST /v1/authorize and /v1/check: the decision for callers who run the request themselves. A denial is data in a 200, because it is
// an answer and not a failure. A customer's key speaks for its own customer only, and learns nothing about any other.

import { CHECKS_PER_REQUEST_MAX, formatInstant, formatUnits, InputError, instant, RESERVATION_TTL_MS, RESERVATION_TTL_MS_MAX, type CustomerId, type Denial, type KeyRecord } from '@tollgate/core'
import type { Authorization, AuthorizeInput, Checked, Warning } from '../../hot/contract.ts'
import { authenticate, sendJson, type Exchange } from '../exchange.ts'
import { forbidden } from '../refusal.ts'
import type { Owners } from './owners.ts'
import { sendReservationProblem } from './problem.ts'
import { fieldsOf, optionalId, optionalWord, readDimensions, readFields, readFlag, readQuantities, readSeconds, requiredWord, type Fields } from './read.ts'

const REQUEST_FIELDS = ['customer', 'entity', 'feature', 'model', 'run', 'type', 'quantities', 'dimensions'] as const

export async function handleAuthorize(exchange: Exchange, owners: Owners): Promise<void> {
  const key = await authenticate(exchange, ['gateway', 'ingest', 'admin'])
  const fields = await readFields(exchange, ['reservation_id', 'ttl_seconds', 'can_degrade', ...REQUEST_FIELDS])
  const { siblings } = exchange.context
  const given = optionalId(fields, 'reservation_id', 'reservation')
  if (given !== null && siblings !== null && !siblings.isOwn(given)) return siblings.pass(exchange, given, JSON.stringify(fields))
  const input: AuthorizeInput = {
    ...requestOf(fields, key),
    reservation: given ?? siblings?.newId() ?? null,
    ttlMs: readSeconds(fields, 'ttl_seconds', { absentMs: RESERVATION_TTL_MS, maxMs: RESERVATION_TTL_MS_MAX }),
    repeatable: true,
    ...(readFlag(fields, 'can_degrade') ? { canClamp: true, canInstruct: true } : { withModel: () => null }),
  }
  const answer = await exchange.context.node.authorize(input)
  if (answer.kind === 'problem') return sendReservationProblem(exchange, answer)
  if (answer.kind === 'denied') return sendJson(exchange, 200, JSON.stringify(denied(answer)))
  owners.remember(answer.reservation, input.customer)
  await exchange.context.node.written()
  sendJson(exchange, 200, JSON.stringify(allowed(answer)))
}

export async function handleCheck(exchange: Exchange): Promise<void> {
  const key = await authenticate(exchange, ['gateway', 'ingest', 'admin'])
  const answer = await exchange.context.node.check(requestOf(await readFields(exchange, REQUEST_FIELDS), key))
  if (answer.kind === 'problem') return sendReservationProblem(exchange, answer)
  sendJson(exchange, 200, JSON.stringify(answer.kind === 'denied' ? denied(answer) : checked(answer)))
}

/** Many checks in one call, each with its own answer: one that is not valid does not keep the others from theirs. Another customer's refuses all. */
export async function handleCheckBatch(exchange: Exchange): Promise<void> {
  const key = await authenticate(exchange, ['gateway', 'ingest', 'admin'])
  const { requests } = await readFields(exchange, ['requests'])
  if (!Array.isArray(requests) || requests.length === 0 || requests.length > CHECKS_PER_REQUEST_MAX) {
    throw new InputError({ code: 'out_of_range', field: 'requests', message: `requests must be a list of 1 to ${CHECKS_PER_REQUEST_MAX} requests` })
  }
  const results = await Promise.all(requests.map((request) => checkOne(exchange, key, request)))
  sendJson(exchange, 200, JSON.stringify({ results }))
}

async function checkOne(exchange: Exchange, key: KeyRecord, request: unknown): Promise<Record<string, unknown>> {
  try {
    const answer = await exchange.context.node.check(requestOf(fieldsOf(request, REQUEST_FIELDS), key))
    if (answer.kind === 'problem') return { decision: 'error', code: answer.code, detail: answer.message, field: null }
    return answer.kind === 'denied' ? denied(answer) : checked(answer)
  } catch (error) {
    if (error instanceof InputError) return { decision: 'error', code: error.code, detail: error.message, field: error.field }
    throw error
  }
}

function requestOf(fields: Fields, key: KeyRecord): Omit<AuthorizeInput, 'reservation' | 'ttlMs' | 'repeatable'> {
  const model = optionalWord(fields, 'model')
  const dimensions = readDimensions(fields)
  return {
    customer: customerOf(fields, key),
    key,
    entity: optionalId(fields, 'entity', 'entity') ?? key.entity,
    feature: key.feature ?? requiredWord(fields, 'feature'),
    model,
    run: optionalWord(fields, 'run'),
    type: optionalWord(fields, 'type') ?? 'ai.request',
    bound: { quantities: readQuantities(fields), dimensions: model === null || 'model' in dimensions ? dimensions : { ...dimensions, model } },
  }
}

/** The same answer whether the other customer exists or not. */
function customerOf(fields: Fields, key: KeyRecord): CustomerId {
  const named = optionalId(fields, 'customer', 'customer')
  if (key.customer === null) return named ?? (requiredWord(fields, 'customer') as CustomerId)
  if (named === null || named === key.customer) return key.customer
  throw forbidden('wrong_customer', 'This key belongs to another customer. Leave customer out, or use a key of the operator.')
}

export function allowed(answer: Extract<Authorization, { kind: 'allowed' }>): Record<string, unknown> {
  const { reservation, estimate, currency, balance, expiresAt, catalogVersion, replayed, degrade, warnings } = answer
  return {
    decision: degrade === null ? 'allow' : 'degrade', reservation_id: reservation, estimate: { amount: formatUnits(estimate, currency), currency }, balance: balance === null ? null : formatUnits(balance, currency),
    expires_at: formatInstant(expiresAt), catalog_version: catalogVersion, replayed,
    ...(degrade === null ? {} : { degrade: { model: degrade.model, output_tokens: degrade.outputTokens, instruction: degrade.instruction, budget: degrade.scope, reason: degrade.reason } }),
    ...warned(warnings),
  }
}

/** Said only where there is something to say. */
function warned(warnings: readonly Warning[]): Record<string, unknown> {
  return warnings.length === 0 ? {} : { warnings: warnings.map(({ why, scope, reason, message }) => ({ why, budget: scope, reason, message })) }
}

export function denied(answer: { readonly decision: string; readonly denial: Denial }): Record<string, unknown> {
  const { reason, scope, message, limit, used, required, unit, resetsAt, topUpUrl, upgradeUrl, retryAfterMs, fitsOutputTokens, plans } = answer.denial
  return {
    decision: 'deny', decision_id: answer.decision, reason, scope, message, limit, used, required, unit,
    resets_at: resetsAt === null ? null : formatInstant(instant(resetsAt)), top_up_url: topUpUrl, upgrade_url: upgradeUrl,
    ...(retryAfterMs === undefined ? {} : { retry_after_seconds: Math.max(1, Math.ceil(retryAfterMs / 1_000)) }),
    ...(fitsOutputTokens === undefined ? {} : { fits_output_tokens: fitsOutputTokens }),
    ...(plans === undefined ? {} : { upgrade_plans: plans }),
  }
}

function checked({ estimate, currency, balance, catalogVersion, warnings }: Extract<Checked, { kind: 'allowed' }>): Record<string, unknown> {
  return { decision: 'allow', estimate: { amount: formatUnits(estimate, currency), currency }, balance: balance === null ? null : formatUnits(balance, currency), catalog_version: catalogVersion, ...warned(warnings) }
}
