// POST /v1/chat/completions: key → body → model → hold → provider → usage → settle → end of the answer. The answer ends only when
// its settlement is written, so that nothing is used that a crash could forget; whatever happens after the hold, the hold is
// settled or released before this returns.

import { formatUnits, RESERVATION_TTL_MS_MAX, type CustomerId, type KeyRecord } from '@tollgate/core'
import type { Authorization, AuthorizeInput, Known, ReservationProblem } from '../../hot/contract.ts'
import { usageBound, type UsageBound } from '../estimate.ts'
import { authenticate, readBody, sendError, type Exchange } from '../exchange.ts'
import { upstreamHeaders } from '../headers.ts'
import type { ResolvedModel } from '../upstreams.ts'
import { decisionHeaders, type Admitted } from './admitted.ts'
import { Answer } from './answer.ts'
import { readChatRequest, upstreamBody, type ChatRequest } from './chat-request.ts'
import { denialAnswer, errorAnswer, forbidden, invalidRequest, RequestRefused, tooManyInFlight, unavailable } from './errors.ts'
import { finishChat } from './finish.ts'
import { chatUsageReader } from './usage.ts'

export async function handleChat(exchange: Exchange): Promise<void> {
  const { context } = exchange
  const authenticated = authenticate(exchange, ['gateway', 'admin'])
  const key = authenticated instanceof Promise ? await authenticated : authenticated
  const customer = customerOf(exchange, key)
  if (!context.inFlight.enter(customer)) return sendError(exchange, tooManyInFlight(context.limits.inFlightPerCustomerMax))
  try {
    await runChat(exchange, key, customer, readChatRequest(await readBody(exchange, context.limits.bodyBytesMax)))
  } finally {
    context.inFlight.leave(customer)
  }
}

async function runChat(exchange: Exchange, key: KeyRecord, customer: CustomerId, request: ChatRequest): Promise<void> {
  const { context } = exchange
  const found = context.node.snapshot(customer)
  const known = found instanceof Promise ? await found : found
  if (known === null) throw invalidRequest(`There is no customer ${customer}.`, { status: key.customer === null ? 404 : 403, code: 'customer_not_found' })
  const model = resolveModel(exchange, key, known, request.model)
  const bound = usageBound(request, model.rate)
  const dimensions = { model: request.model, provider: model.target.config.provider, upstream: model.target.config.name }
  const asked = context.node.authorize(authorizeInput(exchange, { key, customer, known, request, bound, dimensions }))
  const authorization = asked instanceof Promise ? await asked : asked
  if (authorization.kind !== 'allowed') return refuse(exchange, authorization)
  const admitted = { request, key, known, model, bound, dimensions, authorization }
  // Whoever went away meanwhile has used nothing.
  if (exchange.response.destroyed) context.node.release(authorization.reservation)
  else await call(exchange, admitted)
}

/** From here on there is a hold: every way out of this settles or releases it. */
async function call(exchange: Exchange, admitted: Admitted): Promise<void> {
  const { context } = exchange
  const { request, model, authorization } = admitted
  const { target } = model
  try {
    const reader = chatUsageReader(target.config.provider)
    const answer = new Answer(exchange, { wantsUsage: request.wantsUsage, reader, streamHeaders: decisionHeaders(authorization) })
    answer.startedWith(
      target.upstream.send(
        {
          path: target.chatPath,
          headers: upstreamHeaders(exchange.request.headers, target),
          body: upstreamBody(request, model.upstreamModel),
          headTimeoutMs: request.isStream ? context.limits.upstreamIdleMs : context.limits.upstreamAnswerMs,
        },
        answer,
      ),
    )
    await finishChat(exchange, { ...admitted, reader, answer }, await answer.ended)
  } catch (error) {
    context.node.release(authorization.reservation)
    throw error
  }
}

function customerOf(exchange: Exchange, key: KeyRecord): CustomerId {
  if (key.customer !== null) return key.customer
  const named = exchange.request.headers['x-tollgate-customer']
  if (typeof named === 'string' && /^cus_[A-Za-z0-9_-]{1,60}$/.test(named)) return named as CustomerId
  throw invalidRequest('This is an operator key: say for whom the request is, with the header x-tollgate-customer: cus_…', { code: 'customer_required' })
}

function resolveModel(exchange: Exchange, key: KeyRecord, known: Known, name: string): ResolvedModel {
  if (key.models !== null && !key.models.includes(name)) {
    throw forbidden('model_not_allowed', `The key ${key.hint} may not use the model ${name.slice(0, 100)}. It may use: ${key.models.slice(0, 20).join(', ')}.`)
  }
  const resolved = exchange.context.upstreams.resolve(name, known.catalog, exchange.startedAt)
  if (resolved === null) {
    throw invalidRequest(`The model ${JSON.stringify(name.slice(0, 100))} does not exist here. GET /v1/models lists those that do.`, { status: 404, code: 'model_not_found', param: 'model' })
  }
  if (resolved.target === null) {
    const remedy = resolved.upstream === null ? 'Add one that lists it' : `Add the upstream ${resolved.upstream}, with its key`
    throw new RequestRefused(errorAnswer({ status: 503, type: 'server_error', code: 'upstream_not_configured', message: `No upstream serves the model ${name}. ${remedy}, or ask the operator of this gateway to.` }))
  }
  return resolved
}

type Asked = { readonly key: KeyRecord; readonly customer: CustomerId; readonly known: Known; readonly request: ChatRequest; readonly bound: UsageBound; readonly dimensions: Readonly<Record<string, string>> }

function authorizeInput(exchange: Exchange, { key, customer, known, request, bound, dimensions }: Asked): AuthorizeInput {
  const { headers } = exchange.request
  return {
    reservation: null,
    customer,
    key,
    entity: key.entity,
    feature: key.feature ?? label(headers['x-tollgate-feature'], 'x-tollgate-feature') ?? known.catalog.gatewayFeature,
    model: request.model,
    run: label(headers['x-tollgate-run'], 'x-tollgate-run'),
    type: 'ai.request',
    bound: { quantities: { requests: '1', input_tokens: String(bound.inputTokens), output_tokens: String(bound.outputTokens) }, dimensions },
    // The gateway always ends its holds itself; a hold that expired under a long stream would lose its usage.
    ttlMs: RESERVATION_TTL_MS_MAX,
    repeatable: false,
  }
}

function label(value: string | string[] | undefined, name: string): string | null {
  if (value === undefined || value === '') return null
  if (typeof value === 'string' && /^[\x21-\x7e]{1,128}$/.test(value)) return value
  throw invalidRequest(`The header ${name} must be one word of at most 128 printable ASCII characters.`, { code: 'invalid_header' })
}

function refuse(exchange: Exchange, refusal: Exclude<Authorization, { kind: 'allowed' }> | ReservationProblem): void {
  if (refusal.kind === 'problem') {
    return sendError(exchange, unavailable(refusal.message))
  }
  const { decision, denial, currency, balance } = refusal
  const headers = ['x-tollgate-decision', `deny; decision=${decision}`, 'x-tollgate-currency', currency]
  if (balance !== null) headers.push('x-tollgate-balance', formatUnits(balance, currency))
  sendError(exchange, denialAnswer(decision, denial), headers)
}
