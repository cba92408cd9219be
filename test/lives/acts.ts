// What may happen in a life, as data that a property test shrinks: usage by nodes and by events, late and corrected; credit in and out; changes of
// plan, add-ons and seats, pauses; invoices written, paid, credited, voided; time. An act that makes no sense at its moment is refused by the API, as it
// would be for anybody: the figures must agree all the same.

import fc from 'fast-check'
import { DAY_MS, formatInstant, HOUR_MS, instant, type CustomerId } from '@tollgate/core'
import type { HotNode } from '../../packages/server/src/hot/contract.ts'
import type { Json } from '../api.ts'
import { FEATURES, PLANS, type Stage } from './stage.ts'

const KINDS = [
  'use', 'use', 'use', 'run', 'run', 'late', 'void_event', 'replace_event', 'add', 'add', 'buy', 'void', 'refund', 'chargeback', 'move', 'plan', 'plan_later', 'add_on', 'seats', 'pause', 'resume', 'item',
  'coupon', 'progressive', 'pay', 'credit_note', 'void_invoice', 'write_off', 'wait', 'wait', 'wait',
] as const

/** `amount` in cents or tokens, `pick` chooses among what there is, `days` how long or how late. */
export type Act = { readonly kind: (typeof KINDS)[number]; readonly amount: number; readonly pick: number; readonly days: number }
export const acts: fc.Arbitrary<readonly Act[]> = fc.array(fc.record({ kind: fc.constantFrom(...KINDS), amount: fc.integer({ min: 1, max: 2_500 }), pick: fc.nat(60), days: fc.integer({ min: 0, max: 12 }) }), { minLength: 12, maxLength: 40, size: 'max' })

/** One life: its customers, its node, and the events that it has had. */
export type Life = { readonly stage: Stage; readonly customers: readonly CustomerId[]; readonly node: HotNode; readonly events: { readonly customer: CustomerId; readonly id: string; readonly at: number }[]; readonly born: number }

let count = 0

export async function perform(life: Life, act: Act): Promise<void> {
  const { stage, customers } = life
  const customer = customers[act.pick % customers.length]!
  await PERFORM[act.kind](life, act, customer, (path, body, method) => stage.post(`${customer}/${path}`, body, method))
}

type Perform = (life: Life, act: Act, customer: CustomerId, post: Stage['post']) => Promise<unknown>

const money = ({ amount }: Act) => (amount / 100).toFixed(2)
const featureOf = ({ pick }: Act) => FEATURES[pick % FEATURES.length]!

async function use({ stage, events }: Life, act: Act, customer: CustomerId, at: number): Promise<void> {
  const id = `life-${(count += 1)}`
  events.push({ customer, id, at })
  await send(stage, customer, id, { feature: featureOf(act), model: 'm', tokens: act.amount }, { time: formatInstant(instant(at)) })
}

const send = (stage: Stage, customer: CustomerId, id: string, data: Json, more: Json = {}) =>
  stage.api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'life', id, subject: customer, type: 'ai.request', data, ...more }] })

async function correct(life: Life, { pick, amount }: Act, type: string): Promise<void> {
  const event = life.events[pick % Math.max(1, life.events.length)]
  if (event === undefined) return
  const set = type === 'tollgate.void' ? {} : { set: { tokens: amount } }
  await send(life.stage, event.customer, `fix-${(count += 1)}`, { corrects: { source: 'life', id: event.id }, ...set }, { type })
}

async function run({ node }: Life, act: Act, customer: CustomerId): Promise<void> {
  const answer = await node.authorize({ reservation: null, customer, key: null, entity: null, feature: featureOf(act), model: null, run: null, type: 'ai.request', ttlMs: 60_000, repeatable: false, bound: { quantities: { tokens: String(act.amount) }, dimensions: {} } })
  if (answer.kind === 'allowed') node.settle(answer.reservation, { quantities: { tokens: String(Math.ceil(act.amount / (1 + (act.days % 3)))) }, dimensions: {}, cost: null, estimated: false, context: {} })
}

async function add({ stage: { clock } }: Life, act: Act, _: CustomerId, post: Stage['post']): Promise<void> {
  const { pick, days } = act
  const later = (by: number) => formatInstant(instant(clock.now() + by * DAY_MS))
  const features = [[], ['chat'], ['images'], []][pick % 4]
  await post('credits', { amount: money(act), category: pick % 3 === 0 ? 'promotional' : 'paid', features, ...(days % 4 === 1 ? { effective_at: later(days) } : {}), ...(days % 4 > 1 ? { expires_at: later(days + 1) } : {}) })
}

async function ofBlock({ stage: { api } }: Life, { pick }: Act, customer: CustomerId, then: (block: string) => Promise<unknown>): Promise<void> {
  const { blocks } = (await api.call(`GET /v1/customers/${customer}/balance`)).body
  const block = blocks[pick % Math.max(1, blocks.length)]
  if (block !== undefined) await then(block.id)
}

async function ofInvoice({ stage: { api } }: Life, { pick }: Act, customer: CustomerId, then: (invoice: Json) => Promise<unknown>): Promise<void> {
  const list = (await api.call(`GET /v1/customers/${customer}/invoices?state=open`)).body.data as Json[]
  const invoice = list[pick % Math.max(1, list.length)]
  if (invoice !== undefined) await then(invoice)
}

const PERFORM: Readonly<Record<Act['kind'], Perform>> = {
  use: (life, act, customer) => use(life, act, customer, life.stage.clock.now()),
  run,
  // Never before it was born, and at times for a period that was closed long ago.
  late: (life, act, customer) => use(life, act, customer, Math.max(life.born, life.stage.clock.now() - act.days * 3 * DAY_MS)),
  void_event: (life, act) => correct(life, act, 'tollgate.void'),
  replace_event: (life, act) => correct(life, act, 'tollgate.correction'),
  add,
  buy: ({ stage }, { amount }, customer) => stage.buy(customer, String(1 + (amount % 80))),
  void: (life, act, customer, post) => ofBlock(life, act, customer, (block) => post(`credits/${block}/void`, { reason: 'life' })),
  refund: (life, act, customer, post) => ofBlock(life, act, customer, (block) => post(`credits/${block}/refund`, { amount: money(act), reason: 'life' })),
  chargeback: (life, act, customer, post) => ofBlock(life, act, customer, (block) => post(`credits/${block}/refund`, { amount: money(act), spent_too: true, reason: 'life' })),
  move: ({ customers }, act, customer, post) => post('credits/move', { to: customers.find((other) => other !== customer), amount: money(act), features: act.days % 2 === 0 ? [] : ['chat'], reason: 'life' }),
  plan: (_, { amount }, __, post) => post('subscription/change', { plan: PLANS[amount % PLANS.length], when: 'now' }),
  plan_later: (_, { amount }, __, post) => post('subscription/change', { plan: PLANS[amount % PLANS.length], when: 'period_end' }),
  add_on: (_, { amount }, __, post) => post('subscription/change', { add_ons: amount % 2 === 0 ? [] : [{ id: 'support', quantity: 1 + (amount % 2) }], when: 'now' }),
  seats: (_, { amount }, __, post) => post('subscription/change', { seats: 1 + (amount % 4), when: 'now' }),
  pause: (_, __, ___, post) => post('subscription/actions', { action: 'pause' }),
  resume: (_, __, ___, post) => post('subscription/actions', { action: 'resume' }),
  item: ({ stage: { clock } }, act, _, post) => post('invoice-items', { name: 'Item', amount: act.pick % 4 === 0 ? `-${money(act)}` : money(act), from: formatInstant(clock.now()), to: formatInstant(instant(clock.now() + (1 + act.days) * DAY_MS)) }),
  coupon: async ({ stage: { api } }, act, _, post) => {
    const code = `life${(count += 1)}`
    await api.call('POST /v1/coupons', { body: { code, name: 'Off', ...(act.pick % 2 === 0 ? { amount: money(act), currency: 'USD' } : { percent: String(1 + (act.amount % 90)) }), periods: 1 + (act.days % 3) } })
    await post('coupons', { code })
  },
  progressive: (_, __, ___, post) => post('invoices', { kind: 'progressive' }),
  pay: (life, act, customer, post) => ofInvoice(life, act, customer, ({ id }) => post(`invoices/${id}/pay`, {})),
  credit_note: (life, act, customer, post) => ofInvoice(life, act, customer, ({ id, document }) => {
    const line = 1 + (act.amount % document.lines.length)
    return post(`invoices/${id}/credit-notes`, { reason: 'life', lines: act.days % 3 === 0 ? null : [{ line, amount: (Math.abs(Number(document.lines[line - 1].amount)) * (1 + (act.amount % 100)) / 100).toFixed(2) }] })
  }),
  void_invoice: (life, act, customer, post) => ofInvoice(life, act, customer, ({ id }) => post(`invoices/${id}/void`, { reason: 'life' })),
  write_off: (life, act, customer, post) => ofInvoice(life, act, customer, ({ id }) => post(`invoices/${id}/write-off`, { reason: 'life' })),
  wait: ({ stage }, { days, pick }) => stage.until(stage.clock.now() + (days * 2 + 1) * DAY_MS + pick * HOUR_MS),
}
