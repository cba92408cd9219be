// The part of the fake Stripe that takes usage: meter events one by one or by its stream, and what they add up to. An identifier counts once until
// it is forgotten, as Stripe's are after a day; answers can be lost after the work was done, and it can ask for a pause.

type Call = { readonly id: string; readonly parameters: Record<string, unknown>; readonly key: string; readonly token: string }
export type Answer = { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
type MeterEvent = { readonly event_name: string; readonly identifier: string; readonly customer: string; readonly value: number; readonly at: number }

const HOUR_S = 3_600

export function fakeUsage() {
  const events: MeterEvent[] = []
  const identifiers = new Set<string>()
  const byKey = new Map<string, Answer>()
  /** What the stream found wrong after it had answered. */
  const reports: string[] = []
  const meters = new Map([['tokens', 'mtr_tokens'], ['steps', 'mtr_steps']])
  const trouble = { lose: 0, pauseSeconds: 0, unknown: new Set<string>(), expired: false }
  let sessions = 0

  function answer(operation: string, call: Call): Answer {
    switch (operation) {
      case 'GetBillingMeters':
        return { status: 200, body: { object: 'list', url: '/v1/billing/meters', has_more: false, data: [...meters].map(([event_name, id]) => ({ id, object: 'billing.meter', event_name, status: 'active' })) } }
      case 'GetBillingMetersMeterEventSummaries':
        return summaries(call)
      case 'PostV2BillingMeterEventSession':
        trouble.expired = false
        return { status: 200, body: { id: `mes_${(sessions += 1)}`, object: 'v2.billing.meter_event_session', authentication_token: `token_${sessions}`, created: new Date().toISOString(), expires_at: new Date(Date.now() + 900_000).toISOString(), livemode: false } }
      default:
        return write(operation, call)
    }
  }

  function write(operation: string, call: Call): Answer {
    if (trouble.pauseSeconds > 0) return { status: 429, body: { error: { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many requests hit the API too quickly.' } }, headers: { 'retry-after': String(trouble.pauseSeconds), 'stripe-should-retry': 'false' } }
    const done = operation === 'PostBillingMeterEvents' ? one(call) : streamed(call)
    if (trouble.lose === 0) return done
    trouble.lose -= 1
    return { status: 503, body: { error: { type: 'api_error', message: 'Stripe is having a moment' } } }
  }

  function one({ parameters, key }: Call): Answer {
    const known = byKey.get(key)
    if (known !== undefined) return known
    const { event_name: name, identifier, payload, timestamp } = parameters as { event_name: string; identifier: string; payload: Record<string, string>; timestamp: string }
    const customer = payload['stripe_customer_id'] ?? ''
    const refused = (message: string): Answer => ({ status: 400, body: { error: { type: 'invalid_request_error', message } } })
    if (!meters.has(name)) return refused(`No active meter found for event name ${name}`)
    if (trouble.unknown.has(customer)) return refused(`No such customer: '${customer}'`)
    if (identifiers.has(identifier)) return refused(`An event already exists with identifier ${identifier}`)
    const event = take({ event_name: name, identifier, customer, value: Number(payload['value']), at: Number(timestamp) })
    const answered: Answer = { status: 200, body: { object: 'billing.meter_event', created: event.at, event_name: name, identifier, livemode: false, payload, timestamp: event.at } }
    byKey.set(key, answered)
    return answered
  }

  function streamed({ parameters, token }: Call): Answer {
    if (trouble.expired || token !== `token_${sessions}`) return { status: 401, body: { error: { type: 'temporary_session_expired', code: 'billing_meter_event_session_expired', message: 'The temporary session token has expired.' } } }
    const given = parameters['events'] as readonly { event_name: string; identifier: string; payload: Record<string, string>; timestamp: string }[]
    for (const { event_name: name, identifier, payload, timestamp } of given) {
      const customer = payload['stripe_customer_id'] ?? ''
      if (!meters.has(name) || trouble.unknown.has(customer)) reports.push(identifier)
      else if (!identifiers.has(identifier)) take({ event_name: name, identifier, customer, value: Number(payload['value']), at: Date.parse(timestamp) / 1000 })
    }
    return { status: 200, body: {} }
  }

  function take(event: MeterEvent): MeterEvent {
    identifiers.add(event.identifier)
    events.push(event)
    return event
  }

  function summaries({ id, parameters }: Call): Answer {
    const { customer, start_time: start, end_time: end } = parameters as { customer: string; start_time: string; end_time: string }
    const name = [...meters].find(([, meter]) => meter === id)?.[0]
    const own = events.filter((event) => event.event_name === name && event.customer === customer && event.at >= Number(start) && event.at < Number(end))
    const value = own.reduce((sum, event) => sum + event.value, 0)
    return { status: 200, body: { object: 'list', url: '', has_more: false, data: own.length === 0 ? [] : [{ id: 'mtrusg_1', object: 'billing.meter_event_summary', aggregated_value: value, start_time: Number(start), end_time: Number(end), meter: id, livemode: false }] } }
  }

  return {
    events, reports, trouble, answer,
    total: (customer: string, name: string): number => events.filter((event) => event.customer === customer && event.event_name === name).reduce((sum, { value }) => sum + value, 0),
    /** A day and more passes. */
    forget: (): void => {
      identifiers.clear()
      byKey.clear()
    },
    hourOf: (event: MeterEvent): number => Math.floor(event.at / HOUR_S) * HOUR_S * 1000,
  }
}
