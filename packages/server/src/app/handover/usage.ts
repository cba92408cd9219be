// Hand-over of usage: whom it goes to, and the job that sends what was metered, a record a customer, meter and span. Invariant: what the receiver
// has of a span is the sum of what was confirmed, and at most one record of it is under way, written down before it is sent; so whatever is lost,
// killed or repeated, nothing counts twice. What comes late is a record of the difference.

import { createHash } from 'node:crypto'
import { DAY_MS, formatDecimal, HANDED_METERS_MAX, HANDED_USAGE_AT_ONCE, HANDED_USAGE_DELAY_MS, HANDOVER_ATTEMPTS_MAX, HANDOVER_BACKOFF_MS_MAX, HOUR_MS, InputError, instant, isAdditive, parseDecimal, segmentAt, type Instant } from '@tollgate/core'
import { withRetry } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { loadFacts, type StoredFacts } from '../../store/customers.ts'
import {
  acceptUsage, beginSending, countHandedUsage, dueUsage, endSending, endUnchanged, handedUntil, listHandedUsage, postponeUsage, queueUsage, queueUsageOfBatches, readUsageHandover, retryUsage, writeUsageHandover, type DueUsage, type HandedSpan, type HandedUsageKey,
  type HandedUsageRow, type HandedUsageState, type UsageHandoverSetting,
} from '../../store/handed-usage.ts'
import { linksOfCustomer } from '../../store/providers.ts'
import { insertOutbox } from '../../store/settlement.ts'
import { moveCursor, takeBatches } from '../../store/usage-days.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { pageOf, type Page } from '../listings.ts'
import { Problem } from '../problems.ts'
import { requireAccount } from '../providers/accounts.ts'
import { ProviderError, type Account } from '../providers/connector.ts'
import type { UsageReceiver, UsageRecord, UsageTarget } from './usage-port.ts'

/** Of quantities in the database. */
const SCALE = 9
const EVENTS_PER_TRANSACTION = 20_000
const BATCHES_PER_TRANSACTION = 500
const FIRST_PAUSE_MS = 5_000

export type UsageHandoverView = { readonly setting: UsageHandoverSetting | null; readonly counts: Readonly<Record<HandedUsageState, number>> }
export type UsageHandoverInput = { readonly target: UsageTarget; readonly since: Instant | null; readonly span: HandedSpan; readonly inBatches: boolean; readonly meters: ReadonlyMap<string, string> }

export async function usageHandoverView(plane: ControlPlane): Promise<UsageHandoverView> {
  const [setting, counts] = await Promise.all([readUsageHandover(plane.sql), countHandedUsage(plane.sql)])
  const of = (state: HandedUsageState): number => Number(counts.find((row) => row.state === state)?.spans ?? 0n)
  return { setting, counts: { waiting: of('waiting'), sent: of('sent'), stopped: of('stopped') } }
}

/** Null ends it: what waits is not sent any more. */
export async function setUsageHandover(plane: ControlPlane, actor: Actor, input: UsageHandoverInput | null): Promise<UsageHandoverView> {
  const receiver = input === null ? null : usageReceiverOf(plane, input.target)
  if (receiver !== null) {
    checkMeters(plane, receiver, input!)
    await requireAccount(plane, receiver.provider)
  }
  await withRetry(plane.sql, async (tx) => {
    const before = await readUsageHandover(tx)
    const lengthMs = input?.span === 'day' ? DAY_MS : HOUR_MS
    const asked = input?.since ?? (before !== null && before.target === input?.target && before.span === input.span ? before.since : plane.clock.now())
    const since = instant(Math.ceil(asked / lengthMs) * lengthMs)
    const setting = input === null ? null : { target: input.target, since, span: input.span, inBatches: input.inBatches, meters: Object.fromEntries(input.meters), updatedBy: actor.id }
    if (setting !== null) {
      const until = await handedUntil(tx, { target: setting.target, notSpan: setting.span })
      if (until !== null && until > since) throw new InputError({ code: 'out_of_range', field: 'since', message: `usage until ${new Date(until).toISOString()} is handed over in spans of another length: begin then or later, so that none of it is given twice` })
    }
    await writeUsageHandover(tx, setting)
    if (setting !== null) await queueUsage(tx, setting, HANDED_USAGE_DELAY_MS)
    await insertAudit(tx, { actor: actor.id, action: 'usage_handover.set', customer: null, target: 'usage_handover', before, after: setting })
  })
  return usageHandoverView(plane)
}

function checkMeters(plane: ControlPlane, receiver: UsageReceiver, input: UsageHandoverInput): void {
  const refuse = (message: string, field = 'meters'): never => {
    throw new InputError({ code: 'meter_not_handed_over', field, message })
  }
  if (input.meters.size === 0 || input.meters.size > HANDED_METERS_MAX) refuse(`name one meter at least and ${HANDED_METERS_MAX} at most`)
  if (!receiver.spans.includes(input.span)) refuse(`${receiver.target} takes usage by ${receiver.spans.join(' or ')}`, 'span')
  if (new Set(input.meters.values()).size < input.meters.size) refuse('two meters have one name there: their usage would be added up')
  for (const id of input.meters.keys()) {
    const meter = plane.catalogs.current().meterById.get(id)
    if (meter === undefined) refuse(`the catalog has no meter ${id}`)
    else if (!isAdditive(meter)) refuse(`meter ${id} (${meter.aggregation}) is one figure for the whole period, and what it was in an hour does not add up to it: hand its invoices over instead`)
    else if (meter.scale > receiver.scaleMax) refuse(`${receiver.target} takes ${receiver.scaleMax === 0 ? 'whole numbers' : `${receiver.scaleMax} decimal places`}, and meter ${id} has ${meter.scale}: meter a smaller unit`)
  }
}

export async function handedUsagePage(plane: ControlPlane, input: { readonly state: HandedUsageState | null; readonly customer: string | null; readonly after: string | null; readonly limit: number }): Promise<Page<HandedUsageRow>> {
  const [at, customer = '', meter = ''] = input.after?.split(' ') ?? []
  const before = at === undefined ? null : { start: instant(Number(at)), customer, meter }
  return pageOf(await listHandedUsage(plane.sql, { state: input.state, customer: input.customer, before, limit: input.limit + 1 }), input.limit, (row) => `${row.start} ${row.customer} ${row.meter}`)
}

/** What stopped, of all customers or one, is tried again at once. Returns how many spans. */
export async function retryHandedUsage(plane: ControlPlane, actor: Actor, customer: string | null): Promise<number> {
  return withRetry(plane.sql, async (tx) => {
    const spans = await retryUsage(tx, { customer, now: plane.clock.now() })
    if (spans > 0) await insertAudit(tx, { actor: actor.id, action: 'usage_handover.retried', customer, target: 'usage_handover', before: null, after: { spans } })
    return spans
  })
}

/** A span that stopped was put right at the receiver by hand: from now on it counts as having what is metered. */
export async function acceptHandedUsage(plane: ControlPlane, actor: Actor, of: { readonly customer: string; readonly meter: string; readonly start: Instant }): Promise<void> {
  await withRetry(plane.sql, async (tx) => {
    if ((await acceptUsage(tx, of)) === 0) throw new Problem('not_found', 'no span of this customer, meter and start has stopped', 'start')
    await insertAudit(tx, { actor: actor.id, action: 'usage_handover.accepted', customer: of.customer, target: `${of.meter} ${new Date(of.start).toISOString()}`, before: null, after: null })
  })
}

/** The job: queues what settlement changed and sends what is due. Returns how many records were tried. */
export async function handUsageOver(plane: ControlPlane): Promise<number> {
  const setting = await readUsageHandover(plane.sql)
  if (setting === null || !plane.usageReceivers.has(setting.target as UsageTarget)) return 0
  const receiver = usageReceiverOf(plane, setting.target)
  await followSettlement(plane)
  const due = await dueUsage(plane.sql, { target: setting.target, now: plane.clock.now(), limit: HANDED_USAGE_AT_ONCE })
  if (due.length === 0) return 0
  const account = await requireAccount(plane, receiver.provider)
  const records = await begin(plane, receiver, due)
  const size = receiver.batchMax(setting.inBatches)
  for (let at = 0; at < records.length; at += size) {
    const pauseMs = await sendGroup(plane, { receiver, account, inBatches: setting.inBatches }, records.slice(at, at + size))
    // It wants to be left alone: what is left waits, too, under the same ids.
    if (pauseMs !== null) {
      await postponeUsage(plane.sql, records.slice(at + size).map(({ row }) => row), { state: 'waiting', reason: `${receiver.target} asks for a pause`, at: instant(plane.clock.now() + pauseMs), attempt: false })
      break
    }
  }
  return records.length
}

async function followSettlement(plane: ControlPlane): Promise<void> {
  for (;;) {
    const taken = await withRetry(plane.sql, async (tx) => {
      const batches = await takeBatches(tx, 'usage_handover_setting', { eventsMax: EVENTS_PER_TRANSACTION, batchesMax: BATCHES_PER_TRANSACTION })
      const setting = await readUsageHandover(tx)
      if (batches === null || setting === null) return 0
      await queueUsageOfBatches(tx, setting, HANDED_USAGE_DELAY_MS, batches.ids)
      await moveCursor(tx, 'usage_handover_setting', batches.last)
      return batches.ids.length
    })
    if (taken === 0) return
  }
}

type Sending = { readonly row: DueUsage; readonly record: UsageRecord; /** It was given before, and no answer came. */ readonly isRepeated: boolean }

/** Writes down what is sent next; what the receiver has already ends here. */
async function begin(plane: ControlPlane, receiver: UsageReceiver, due: readonly DueUsage[]): Promise<Sending[]> {
  const now = plane.clock.now()
  const facts = await loadFacts(plane.sql, [...new Set(due.map(({ customer }) => customer))])
  const [sendings, unchanged] = [[] as Sending[], [] as DueUsage[]]
  for (const row of due) {
    if (row.sending !== null) {
      sendings.push({ row, record: recordOf(row, row.sending, row.sendingTo!), isRepeated: true })
      continue
    }
    const difference = read(row.quantity) - read(row.sent)
    if (difference === 0n) {
      unchanged.push(row)
      continue
    }
    try {
      if (receiver.ageMaxMs !== null && row.start < now - receiver.ageMaxMs) throw new ProviderError(`${receiver.target} takes usage of the last ${receiver.ageMaxMs / DAY_MS} days: add ${write(difference)} of ${row.name} there by hand, as an item of the next invoice, and accept the span`, false)
      const external = await externalOf(plane, receiver, row, facts.get(row.customer))
      const quantity = receiver.takes === 'totals' ? write(read(row.quantity)) : write(difference)
      sendings.push({ row, record: recordOf(row, quantity, external), isRepeated: false })
    } catch (error) {
      await endFailed(plane, [row], error)
    }
  }
  await endUnchanged(plane.sql, unchanged)
  await beginSending(plane.sql, now, sendings.filter(({ isRepeated }) => !isRepeated).map(({ row, record }) => ({ ...keyOf(row), sending: record.quantity, sendingTo: record.external })))
  return sendings
}

type To = { readonly receiver: UsageReceiver; readonly account: Account; readonly inBatches: boolean }

/** Null, or for how long the receiver wants not to be asked. */
async function sendGroup(plane: ControlPlane, to: To, group: readonly Sending[]): Promise<number | null> {
  const missing: Sending[] = []
  for (const one of group) {
    try {
      if (!(await isThere(plane, to, one))) missing.push(one)
    } catch (error) {
      await endFailed(plane, [one.row], error)
    }
  }
  return missing.length === 0 ? null : send(plane, to, missing)
}

async function send(plane: ControlPlane, to: To, group: readonly Sending[]): Promise<number | null> {
  const { receiver, account, inBatches } = to
  const rows = group.map(({ row }) => row)
  try {
    await receiver.send(account, group.map(({ record }) => record), { inBatches })
    await endSending(plane.sql, plane.clock.now(), { adds: receiver.takes === 'differences' }, rows)
    return null
  } catch (error) {
    if (error instanceof ProviderError && !error.retryable && group.length > 1) {
      // One of them is refused: halves find it, and what was taken already counts once by its id.
      const half = Math.ceil(group.length / 2)
      return (await send(plane, to, group.slice(0, half))) ?? (await send(plane, to, group.slice(half)))
    }
    await endFailed(plane, rows, error)
    return error instanceof ProviderError ? error.pauseMs : null
  }
}

/** Whether a record of which no answer came has arrived; one that the receiver still knows by its id is simply given again. */
async function isThere(plane: ControlPlane, { receiver, account }: To, { row, record, isRepeated }: Sending): Promise<boolean> {
  if (!isRepeated || plane.clock.now() - row.sendingSince! <= receiver.remembersMs) return false
  const found = await receiver.find(account, record)
  if (found === 'unclear') throw new ProviderError(`no answer came to ${record.quantity} of ${record.name}, and ${receiver.target} has neither ${row.sent} nor that much more: make it ${write(read(row.quantity))} there and accept the span`, false)
  if (found === 'there') await endSending(plane.sql, plane.clock.now(), { adds: receiver.takes === 'differences' }, [row])
  return found === 'there'
}

async function endFailed(plane: ControlPlane, rows: readonly HandedUsageRow[], error: unknown): Promise<void> {
  const known = error instanceof ProviderError || error instanceof InputError || error instanceof Problem
  const mayPass = error instanceof ProviderError ? error.retryable : !known
  const reason = known ? error.message : 'something broke on our side; the log has more'
  if (!known) plane.log.error({ error }, 'usage could not be handed over')
  const now = plane.clock.now()
  const [again, stopped] = [[] as HandedUsageRow[], [] as HandedUsageRow[]]
  for (const row of rows) (mayPass && row.attempts + 1 < HANDOVER_ATTEMPTS_MAX ? again : stopped).push(row)
  const pauseMs = (error instanceof ProviderError ? error.pauseMs : null) ?? Math.min(HANDOVER_BACKOFF_MS_MAX, FIRST_PAUSE_MS * 2 ** Math.max(0, ...again.map(({ attempts }) => attempts)))
  await postponeUsage(plane.sql, again, { state: 'waiting', reason, at: instant(now + pauseMs), attempt: true })
  if (stopped.length === 0) return
  plane.log.warn({ error, spans: stopped.length }, 'usage could not be handed over and waits for somebody')
  await withRetry(plane.sql, async (tx) => {
    await postponeUsage(tx, stopped, { state: 'stopped', reason, at: now, attempt: true })
    await insertOutbox(tx, stopped.map(({ customer, meter, start, target }) => ({ customer, type: 'usage.handover_stopped', payload: { meter, start: new Date(start).toISOString(), target, reason } })))
  })
}

/** Whom usage of a span is recorded for at the receiver. */
async function externalOf(plane: ControlPlane, receiver: UsageReceiver, { customer, start }: HandedUsageRow, facts: StoredFacts | undefined): Promise<string> {
  const own = (await linksOfCustomer(plane.sql, customer)).filter(({ provider, kind }) => provider === receiver.provider && kind === receiver.of)
  const unlinked = (why: string): never => {
    throw new InputError({ code: 'handover_unlinked', field: 'customer', message: `${customer} ${why}: link it (POST /v1/customers/${customer}/provider-links), then try again` })
  }
  if (receiver.of === 'customer') return own[0]?.id ?? unlinked(`is not known at ${receiver.provider}`)
  const prefix = `${receiver.provider}:`
  const then = facts === undefined ? undefined : segmentAt(facts.timeline, start)?.subscription
  if (then?.startsWith(prefix) === true) return then.slice(prefix.length)
  if (own.length > 1) unlinked(`has ${own.length} subscriptions at ${receiver.provider}, and none of them was in force then`)
  return own[0]?.id.replace(prefix, '') ?? unlinked(`has no subscription at ${receiver.provider}`)
}

function recordOf(row: DueUsage, quantity: string, external: string): UsageRecord {
  const spanId = idOf([row.target, row.customer, row.meter, row.start, row.span])
  const end = instant(row.start + (row.span === 'day' ? DAY_MS : HOUR_MS))
  return { id: idOf([spanId, row.sendings]), spanId, customer: row.customer, external, name: row.name, quantity: write(read(quantity)), at: row.start, span: { start: row.start, end }, before: write(read(row.sent)) }
}

function idOf(parts: readonly (string | number)[]): string {
  return `tg-${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32)}`
}

function keyOf({ target, customer, meter, start, span }: HandedUsageKey): HandedUsageKey {
  return { target, customer, meter, start, span }
}

export function read(quantity: string): bigint {
  return parseDecimal(quantity, SCALE, 'quantity')
}

export function write(quantity: bigint): string {
  return formatDecimal(quantity, SCALE)
}

export function usageReceiverOf(plane: ControlPlane, target: string): UsageReceiver {
  const receiver = plane.usageReceivers.get(target as UsageTarget)
  if (receiver === undefined) throw new Problem('not_found', `usage is not handed over to ${target}; there are ${[...plane.usageReceivers.keys()].join(', ') || 'none'}`, 'target')
  return receiver
}
