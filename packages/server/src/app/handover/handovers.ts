// Hand-over of final invoices: whom they go to, and the job that delivers them. Each invoice is queued once a target; what the receiver
// refuses for good, or what lacks something of ours, stops with a reason until somebody asks again; what may pass is tried again.

import { formatUnits, HANDOVER_ATTEMPTS_MAX, HANDOVER_BACKOFF_MS_MAX, handedLines, InputError, HANDOVERS_AT_ONCE, parseUnits, units, type Instant, type InvoiceDocument } from '@tollgate/core'
import { withRetry } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { countHandovers, dueHandovers, endHandover, keepExternalId, listHandovers, queueHandovers, readHandoverSetting, retryHandovers, writeHandoverSetting, type DueHandover, type HandoverRow, type HandoverSetting, type HandoverState } from '../../store/handovers.ts'
import { findInvoice } from '../../store/invoices.ts'
import { linksOfCustomer } from '../../store/providers.ts'
import { insertOutbox } from '../../store/settlement.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { numberText } from '../invoices/compose.ts'
import { pageOf, type Page } from '../listings.ts'
import { Problem } from '../problems.ts'
import { openAccount, requireAccount } from '../providers/accounts.ts'
import { ProviderError } from '../providers/connector.ts'
import type { HandedInvoice, HandoverTarget, InvoiceReceiver } from './port.ts'

export type HandoverView = { readonly setting: HandoverSetting | null; readonly counts: Readonly<Record<HandoverState | 'conflicts', number>> }

export async function handoverView(plane: ControlPlane): Promise<HandoverView> {
  const [setting, counts] = await Promise.all([readHandoverSetting(plane.sql), countHandovers(plane.sql)])
  const of = (state: HandoverState): number => Number(counts.find((row) => row.state === state)?.invoices ?? 0n)
  return { setting, counts: { waiting: of('waiting'), delivered: of('delivered'), stopped: of('stopped'), conflicts: counts.reduce((sum, { conflicts }) => sum + Number(conflicts), 0) } }
}

/** `target` null ends it: what waits is not delivered any more. */
export async function setHandover(plane: ControlPlane, actor: Actor, input: { readonly target: HandoverTarget | null; readonly since: Instant | null; readonly collects: boolean }): Promise<HandoverView> {
  const receiver = input.target === null ? null : receiverOf(plane, input.target)
  if (receiver !== null && receiver.provider !== null) await requireAccount(plane, receiver.provider)
  await withRetry(plane.sql, async (tx) => {
    const before = await readHandoverSetting(tx)
    const setting = input.target === null ? null : { target: input.target, since: input.since ?? (before?.target === input.target ? before.since : plane.clock.now()), collects: input.collects, updatedBy: actor.id }
    await writeHandoverSetting(tx, setting)
    await insertAudit(tx, { actor: actor.id, action: 'handover.set', customer: null, target: 'handover', before, after: setting })
  })
  return handoverView(plane)
}

export async function handoversPage(plane: ControlPlane, input: { readonly state: HandoverState | null; readonly inConflict: boolean; readonly after: string | null; readonly limit: number }): Promise<Page<HandoverRow>> {
  const [at, invoice = ''] = input.after?.split(' ') ?? []
  const before = at === undefined ? null : { at: Number(at) as Instant, invoice }
  return pageOf(await listHandovers(plane.sql, { state: input.state, inConflict: input.inConflict, before, limit: input.limit + 1 }), input.limit, ({ queuedAt, invoice: id }) => `${queuedAt} ${id}`)
}

/** Those that stopped or do not go together, or one invoice, are tried again at once. Returns how many. */
export async function retryHandover(plane: ControlPlane, actor: Actor, invoice: string | null): Promise<number> {
  return withRetry(plane.sql, async (tx) => {
    const count = await retryHandovers(tx, invoice)
    if (count > 0) await insertAudit(tx, { actor: actor.id, action: 'handover.retried', customer: null, target: invoice ?? 'handover', before: null, after: { invoices: count } })
    return count
  })
}

/** The job: queues what was finalized and delivers what is due. Returns how many were tried. */
export async function deliverInvoices(plane: ControlPlane): Promise<number> {
  const setting = await readHandoverSetting(plane.sql)
  if (setting === null || !plane.receivers.has(setting.target as HandoverTarget)) return 0
  const receiver = receiverOf(plane, setting.target)
  await queueHandovers(plane.sql, { target: setting.target, since: setting.since, limit: HANDOVERS_AT_ONCE })
  const due = (await dueHandovers(plane.sql, HANDOVERS_AT_ONCE)).filter(({ target }) => target === setting.target)
  // One after the other: what a receiver bears in a second is less than what is due at the end of a month.
  for (const one of due) await deliverOne(plane, receiver, one, setting)
  return due.length
}

async function deliverOne(plane: ControlPlane, receiver: InvoiceReceiver, due: DueHandover, setting: HandoverSetting): Promise<void> {
  try {
    const invoice = await handedInvoice(plane, receiver, due, setting)
    if (invoice === null) return await endHandover(plane.sql, due, { state: 'stopped', reason: 'the invoice was voided or written off before it was handed over' })
    const account = receiver.provider === null ? null : await openAccount(plane, receiver.provider)
    const { externalId, total } = await receiver.deliver(account, invoice, { externalId: due.externalId, keep: (id) => keepExternalId(plane.sql, due, id) })
    await withRetry(plane.sql, async (tx) => {
      await endHandover(tx, due, { state: 'delivered', externalId, total: formatUnits(total, invoice.currency) })
      await insertOutbox(tx, [{ customer: due.customer, type: 'invoice.handed_over', payload: { invoice: due.invoice, number: invoice.number, target: due.target, external_id: externalId } }])
    })
  } catch (error) {
    await endFailed(plane, due, error)
  }
}

async function endFailed(plane: ControlPlane, due: DueHandover, error: unknown): Promise<void> {
  const mayPass = error instanceof ProviderError ? error.retryable : !(error instanceof InputError) && !(error instanceof Problem)
  const reason = error instanceof ProviderError || error instanceof InputError || error instanceof Problem ? error.message : 'something broke on our side; the log has more'
  if (mayPass && due.attempts + 1 < HANDOVER_ATTEMPTS_MAX) return endHandover(plane.sql, due, { state: 'waiting', reason, afterMs: Math.min(HANDOVER_BACKOFF_MS_MAX, 5_000 * 2 ** due.attempts) })
  plane.log.warn({ error, ...due }, 'an invoice could not be handed over')
  await withRetry(plane.sql, async (tx) => {
    await endHandover(tx, due, { state: 'stopped', reason })
    await insertOutbox(tx, [{ customer: due.customer, type: 'invoice.handover_stopped', payload: { invoice: due.invoice, target: due.target, reason } }])
  })
}

/** As it is handed over; null for one that is to be paid no more. */
async function handedInvoice(plane: ControlPlane, receiver: InvoiceReceiver, due: DueHandover, setting: HandoverSetting): Promise<HandedInvoice | null> {
  const row = await findInvoice(plane.sql, { customer: due.customer, id: due.invoice })
  if (row === null || row.number === null || row.finalizedAt === null || row.state === 'void' || row.state === 'uncollectible') return null
  const external = receiver.provider === null ? null : ((await linksOfCustomer(plane.sql, due.customer)).find(({ provider, kind }) => provider === receiver.provider && kind === 'customer')?.id ?? null)
  if (receiver.provider !== null && external === null) throw new InputError({ code: 'handover_unlinked', field: 'customer', message: `${due.customer} is not known at ${receiver.provider}: link it (POST /v1/customers/${due.customer}/provider-links), then try again` })
  return {
    id: row.id, customer: row.customer, external, number: numberText(row.series ?? '', row.number), currency: row.currency, amountDue: units(parseUnits(plainAmount(row.amountDue), row.currency)),
    issuedAt: row.finalizedAt, dueAt: row.dueAt, lines: handedLines(row.document as InvoiceDocument, receiver.linesMax), collects: setting.collects,
  }
}

/** PostgreSQL's zeros after the last digit. */
export function plainAmount(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

export function receiverOf(plane: ControlPlane, target: string): InvoiceReceiver {
  const receiver = plane.receivers.get(target as HandoverTarget)
  if (receiver === undefined) throw new Problem('not_found', `invoices are not handed over to ${target}; there are ${[...plane.receivers.keys()].join(', ') || 'none'}`, 'target')
  return receiver
}
