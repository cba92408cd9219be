// Both sides of the hand-over of usage held against each other: what is metered, what was sent, and what the receiver has, by customer and meter,
// in whole spans. What does not agree is told; nothing is changed.

import { DAY_MS, HOUR_MS, InputError, instant, RECONCILED_USAGE_MAX, segmentAt, type Instant } from '@tollgate/core'
import { loadFacts } from '../../store/customers.ts'
import { handedUsageIn, readUsageHandover, type UsageSide } from '../../store/handed-usage.ts'
import { linksOfCustomer } from '../../store/providers.ts'
import type { ControlPlane } from '../control-plane.ts'
import { Problem } from '../problems.ts'
import { requireAccount } from '../providers/accounts.ts'
import type { UsageReceiver, UsageTarget } from './usage-port.ts'
import { read, usageReceiverOf, write } from './usage.ts'

export type UsageDifference = {
  /** `unsent`: not all that is metered was sent yet. `there`: the receiver has another quantity than was sent. `unlinked`: it cannot be asked. */
  readonly kind: 'unsent' | 'there' | 'unlinked'
  readonly customer: string
  readonly meter: string
  readonly name: string
  readonly metered: string
  readonly sent: string
  /** Null where it could not be asked. */
  readonly there: string | null
}

export type UsageReconciliation = { readonly target: UsageTarget; readonly from: Instant; readonly to: Instant; readonly compared: number; readonly differences: readonly UsageDifference[] }

export async function reconcileUsage(plane: ControlPlane, asked: { readonly from: Instant; readonly to: Instant }): Promise<UsageReconciliation> {
  const setting = await readUsageHandover(plane.sql)
  if (setting === null) throw new Problem('not_found', 'usage is not handed over: PUT /v1/handover/usage')
  const receiver = usageReceiverOf(plane, setting.target)
  const lengthMs = setting.span === 'day' ? DAY_MS : HOUR_MS
  const span = { from: instant(Math.ceil(asked.from / lengthMs) * lengthMs), to: instant(Math.floor(asked.to / lengthMs) * lengthMs) }
  if (span.from >= span.to) throw new InputError({ code: 'out_of_range', field: 'to', message: `the span holds no whole ${setting.span} (UTC)` })
  const sides = await handedUsageIn(plane.sql, { target: setting.target, ...span, limit: RECONCILED_USAGE_MAX + 1 })
  if (sides.length > RECONCILED_USAGE_MAX) throw new InputError({ code: 'too_many_rows', field: 'to', message: `more than ${RECONCILED_USAGE_MAX} customers and meters have usage in the span: take a shorter one` })
  const differences: UsageDifference[] = []
  const tell = (side: UsageSide, kind: UsageDifference['kind'], there: string | null): void =>
    void differences.push({ kind, customer: side.customer, meter: side.meter, name: side.name, metered: write(read(side.metered)), sent: write(read(side.sent)), there })
  const account = await requireAccount(plane, receiver.provider)
  const external = await externals(plane, receiver, [...new Set(sides.map(({ customer }) => customer))], span)
  const known = sides.filter(({ customer }) => external.has(customer))
  for (const side of sides) if (!external.has(side.customer)) tell(side, 'unlinked', null)
  // A customer may have had several subscriptions in the span: the sum of them is held against what was sent.
  const questions = known.flatMap((side) => external.get(side.customer)!.map((id) => ({ side, external: id, name: side.name })))
  const found = new Map<UsageSide, bigint>()
  let at = 0
  for await (const quantity of receiver.totals(account, questions, { start: span.from, end: span.to })) {
    const { side } = questions[at]!
    found.set(side, (found.get(side) ?? 0n) + read(quantity))
    at += 1
  }
  for (const side of known) {
    const there = found.get(side) ?? 0n
    if (there !== read(side.sent)) tell(side, 'there', write(there))
    else if (read(side.metered) !== read(side.sent)) tell(side, 'unsent', write(there))
  }
  return { target: receiver.target, ...span, compared: sides.length, differences }
}

async function externals(plane: ControlPlane, receiver: UsageReceiver, customers: readonly string[], span: { readonly from: Instant; readonly to: Instant }): Promise<Map<string, readonly string[]>> {
  const facts = await loadFacts(plane.sql, customers)
  const prefix = `${receiver.provider}:`
  const ids = new Map<string, readonly string[]>()
  for (const customer of customers) {
    const linked = (await linksOfCustomer(plane.sql, customer)).filter(({ provider, kind }) => provider === receiver.provider && kind === receiver.of).map(({ id }) => (receiver.of === 'subscription' ? id.replace(prefix, '') : id))
    const timeline = facts.get(customer)?.timeline ?? []
    const inForce = receiver.of === 'customer' ? [] : [segmentAt(timeline, span.from), ...timeline.filter(({ from }) => from > span.from && from < span.to)].flatMap((segment) => (segment?.subscription.startsWith(prefix) === true ? [segment.subscription.slice(prefix.length)] : []))
    const own = receiver.of === 'customer' ? linked.slice(0, 1) : [...new Set([...inForce, ...linked])]
    if (own.length > 0) ids.set(customer, own)
  }
  return ids
}
