// Reading from the provider what its messages should have told: single subscriptions that could not be ordered, and all of them once a
// night or when an operator asks. The re-sync is a report first: what differs, and what would become of it; applied, it writes the
// state that was read as a fact, so that history shows who corrected what.

import { DRIFT_LISTED_MAX, segmentAt, standingOf, type Segment } from '@tollgate/core'
import { calendarOf, EVERY, fold } from '@tollgate/core/subscription'
import { withRetry } from '../../platform/postgres.ts'
import { findCustomer } from '../../store/customers.ts'
import { insertAudit } from '../../store/audit.ts'
import { addLinks, dueFetches, endFetch, postponeFetch, type ProviderName } from '../../store/providers.ts'
import { insertOutbox } from '../../store/settlement.ts'
import { readFacts } from '../../store/subscriptions.ts'
import { SYSTEM, type Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { changeCustomer } from '../change-customer.ts'
import { nowOf } from '../customer-time.ts'
import { recordFacts } from '../subscription/record.ts'
import { connectorOf, openAccount, requireAccount } from './accounts.ts'
import type { Shown } from './connector.ts'
import { factsOf, ownerOf } from './process.ts'

export type Drift = {
  readonly subscription: string
  readonly customer: string | null
  readonly kind: 'differs' | 'unknown_here' | 'unmapped'
  readonly here: { readonly standing: string; readonly plan: string; readonly seats: number } | null
  readonly there: { readonly status: string; readonly plan: string; readonly seats: number } | null
  readonly detail: string
}

export type ResyncReport = { readonly provider: ProviderName; readonly read: number; readonly drifts: readonly Drift[]; readonly driftCount: number; readonly applied: number; readonly finishedAt: number }

/** Reads all subscriptions of a provider and tells what differs here; with `apply` it is brought in line. */
export async function resync(plane: ControlPlane, actor: Actor, provider: ProviderName, apply: boolean): Promise<ResyncReport> {
  const connector = connectorOf(plane, provider)
  const account = await requireAccount(plane, provider)
  const drifts: Drift[] = []
  let [read, driftCount, applied] = [0, 0, 0]
  for await (const shown of connector.list(account, { catalog: plane.catalogs.current(), now: plane.clock.now() })) {
    read += 1
    const drift = await driftOf(plane, provider, shown)
    if (drift === null) continue
    driftCount += 1
    if (drifts.length < DRIFT_LISTED_MAX) drifts.push(drift)
    if (apply && drift.customer !== null && 'draft' in shown) {
      await take(plane, provider, drift.customer, shown)
      applied += 1
    }
  }
  const report: ResyncReport = { provider, read, drifts, driftCount, applied, finishedAt: plane.clock.now() }
  await withRetry(plane.sql, async (tx) => {
    await insertAudit(tx, { actor: actor.id, action: 'provider.resynced', customer: null, target: provider, before: null, after: { read, drifts: driftCount, applied } })
    if (driftCount > 0) await insertOutbox(tx, [{ customer: null, type: 'provider.drift_found', payload: { provider, read, drifts: driftCount, applied } }])
  })
  return report
}

async function driftOf(plane: ControlPlane, provider: ProviderName, shown: Shown): Promise<Drift | null> {
  if ('stopped' in shown) return { subscription: shown.id, customer: null, kind: 'unmapped', here: null, there: null, detail: shown.stopped }
  const { body } = shown.draft
  if (body.kind !== 'provider_state') return null
  const there = { status: body.after.status, plan: body.after.plan, seats: body.after.seats }
  const isOver = body.after.status === 'cancelled' || body.after.status === 'expired'
  const customer = await ownerOf(plane, provider, { ...shown.owner, links: [...shown.owner.links, ...shown.links] })
  if (customer === null) return isOver ? null : { subscription: shown.id, customer, kind: 'unknown_here', here: null, there, detail: 'no customer of ours is linked with it' }
  const here = await lifeOf(plane, customer, shown.id)
  if (here === null) return isOver ? null : { subscription: shown.id, customer, kind: 'unknown_here', here: null, there, detail: 'none of its messages came' }
  const differences = [
    ...(agrees(here, body.after.status) ? [] : [`${here.state} here, ${body.after.status} there`]),
    ...(!isOver && here.plan !== there.plan ? [`plan ${here.plan} here, ${there.plan} there`] : []),
    ...(!isOver && here.seats !== there.seats ? [`${here.seats} seats here, ${there.seats} there`] : []),
    ...(!isOver && here.cancelAt !== body.after.cancelAt ? ['another end is scheduled'] : []),
  ]
  return differences.length === 0 ? null : { subscription: shown.id, customer, kind: 'differs', here: { standing: standingOf(here.state), plan: here.plan, seats: here.seats }, there, detail: differences.join('; ') }
}

/** What a provider's status may look like here: grace may have ended here while it still tries there. */
const AGREEING: Readonly<Record<string, readonly Segment['state'][]>> = {
  incomplete: ['incomplete'], trialing: ['trialing'], active: ['active'], past_due: ['grace', 'suspended'], unpaid: ['suspended'], paused: ['paused'], cancelled: ['cancelled', 'expired'], expired: ['expired', 'cancelled'],
}

function agrees(here: Segment, status: string): boolean {
  return here.blocks.length > 0 || AGREEING[status]!.includes(here.state)
}

/** The agreement by itself, whatever other the customer has. */
async function lifeOf(plane: ControlPlane, customer: string, subscription: string): Promise<Segment | null> {
  const row = await findCustomer(plane.sql, customer)
  if (row === null) return null
  const facts = (await readFacts(plane.sql, customer)).filter((fact) => fact.subscription === subscription || fact.subscription.startsWith(EVERY))
  if (!facts.some((fact) => fact.subscription === subscription)) return null
  const now = nowOf(plane, row)
  return segmentAt(fold(facts, now, calendarOf(row.timeZone)).segments, now)
}

async function take(plane: ControlPlane, provider: ProviderName, customer: string, shown: Extract<Shown, { readonly draft: unknown }>): Promise<void> {
  await changeCustomer(plane, customer, async (tx, before) => {
    await addLinks(tx, { provider, customer, links: shown.links })
    // When it was read, by the customer's own time.
    const at = nowOf(plane, before)
    const facts = factsOf(provider, `read:${shown.id}:${at}`, [{ ...shown.draft, at, reason: `${shown.draft.reason}, read from it` }])
    await recordFacts(tx, { customer: before, actor: { ...SYSTEM, id: `provider/${provider}` }, facts, now: at })
    await endFetch(tx, provider, shown.id)
  })
}

const FETCHES_PER_TURN = 20
const FETCH_DELAY_MS = 5_000
const FETCH_DELAY_MS_MAX = 3_600_000

/** Reads the subscriptions that messages left open. Without an API key they wait, and the more generous state stands. */
export async function runFetches(plane: ControlPlane): Promise<number> {
  const due = await dueFetches(plane.sql, FETCHES_PER_TURN)
  for (const fetch of due) {
    try {
      const account = await openAccount(plane, fetch.provider)
      if (account === null || account.apiKey === null) throw new Error(`no API key of ${fetch.provider} is set`)
      const shown = await connectorOf(plane, fetch.provider).fetch(account, fetch.id, { catalog: plane.catalogs.current(), now: plane.clock.now() })
      const customer = fetch.customer ?? (shown === null || 'stopped' in shown ? null : await ownerOf(plane, fetch.provider, shown.owner))
      if (shown === null || customer === null) await endFetch(plane.sql, fetch.provider, fetch.id)
      else if ('stopped' in shown) throw new Error(shown.stopped)
      else await take(plane, fetch.provider, customer, shown)
    } catch (error) {
      plane.log.warn({ err: error, provider: fetch.provider, subscription: fetch.id }, 'a subscription could not be read from its provider; it is tried again')
      await postponeFetch(plane.sql, { provider: fetch.provider, id: fetch.id, delayMs: Math.min(FETCH_DELAY_MS * 2 ** fetch.attempts, FETCH_DELAY_MS_MAX) })
    }
  }
  return due.length
}

/** Every provider that can be asked, as a report: what is found is told, and applied by whoever reads it. */
export async function resyncAll(plane: ControlPlane): Promise<void> {
  for (const provider of plane.connectors.keys()) {
    const account = await openAccount(plane, provider)
    if (account === null || account.apiKey === null) continue
    const report = await resync(plane, SYSTEM, provider, false)
    if (report.driftCount > 0) plane.log.warn({ provider, drifts: report.driftCount }, 'subscriptions here differ from those of the provider: see POST /v1/providers/{provider}/resync')
  }
}
