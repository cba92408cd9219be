// Redemption codes: made in batches, shown once, kept as keyed hashes; redeemed for credits, a plan or an add-on within the limits of their
// batch. Who guesses is stopped after a few tries an hour. What a code gives, and that it is spent, is one transaction.

import { CODE_FAILURES_PER_HOUR_MAX, CODES_PER_BATCH_MAX, DAY_MS, didYouMean, formatUnits, InputError, instant, makeId, nearest, parsePositiveUnits, type Instant } from '@tollgate/core'
import { createHmac, randomInt } from 'node:crypto'
import { withRetry, type Transaction } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { countByCustomer, countFailure, endBatchRow, findBatch, forgetFailures, insertBatch, insertCodeRedemption, listBatches, listCodeRedemptions, lockCode, readFailures, type BatchRow, type CodeGrants, type CodeRedemption } from '../../store/codes.ts'
import type { CustomerRow } from '../../store/customers.ts'
import { insertOutbox } from '../../store/settlement.ts'
import type { Actor } from '../actor.ts'
import { changeCustomer } from '../change-customer.ts'
import type { ControlPlane } from '../control-plane.ts'
import { addBlock, featuresFor } from '../credits.ts'
import { nowOf } from '../customer-time.ts'
import { getCustomer } from '../customers.ts'
import { pageOf, type Page } from '../listings.ts'
import { Problem } from '../problems.ts'
import { planNamed } from '../subscription/agreement.ts'
import { changeIn, runningSegment } from '../subscription/change.ts'

export type NewBatch = {
  readonly id: string
  readonly name: string
  readonly grants: CodeGrants
  /** How many codes are made; null where `codes` names them. */
  readonly count: number | null
  readonly codes: readonly string[] | null
  /** Redemptions of each code by all customers; null for no limit. */
  readonly redemptionsMax: number | null
  readonly perCustomerMax: number
  readonly startsAt: Instant | null
  readonly expiresAt: Instant | null
}

/** Without letters that look like digits. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** 80 random bits in four groups. */
const CODE_GROUPS = 4
const GROUP_LENGTH = 4

/** The codes are answered here and nowhere else, ever. */
export async function createCodes(plane: ControlPlane, actor: Actor, input: NewBatch): Promise<{ readonly batch: BatchRow; readonly codes: readonly string[] }> {
  const grants = checkGrants(plane, input.grants)
  const codes = input.codes ?? Array.from({ length: input.count ?? 1 }, mintCode)
  if (codes.length < 1 || codes.length > CODES_PER_BATCH_MAX) throw new InputError({ code: 'out_of_range', field: 'count', message: `a batch has 1 to ${CODES_PER_BATCH_MAX} codes` })
  if (input.expiresAt !== null && input.expiresAt <= plane.clock.now()) throw new InputError({ code: 'out_of_range', field: 'expires_at', message: 'expires_at must be in the future' })
  await withRetry(plane.sql, async (tx) => {
    const made = await insertBatch(tx, { ...input, grants, codes: codes.length, createdBy: actor.id }, codes.map((code) => hashOf(plane, code)))
    if (made < codes.length) throw new Problem('already_exists', 'a code of the batch exists already, or stands in it twice: choose others', 'codes')
    await insertAudit(tx, { actor: actor.id, action: 'codes.created', customer: null, target: input.id, before: null, after: { name: input.name, grants, codes: codes.length, redemptions_max: input.redemptionsMax, per_customer_max: input.perCustomerMax } })
  })
  return { batch: (await findBatch(plane.sql, input.id))!, codes }
}

function mintCode(): string {
  const group = () => Array.from({ length: GROUP_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
  return Array.from({ length: CODE_GROUPS }, group).join('-')
}

/** As people type it: capitals or not, with dashes and spaces or without; letters that look like digits are those digits. Keyed, so that a stolen table names no code. */
function hashOf(plane: ControlPlane, typed: string): Buffer {
  const code = typed.toUpperCase().replace(/[\s-]+/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
  return createHmac('sha256', plane.masterKey).update(`redemption code ${code}`).digest()
}

function checkGrants(plane: ControlPlane, grants: CodeGrants): CodeGrants {
  const catalog = plane.catalogs.current()
  if (grants.kind === 'plan') return { ...grants, plan: planNamed(plane, grants.plan).id }
  if (grants.kind === 'add_on') {
    if (!catalog.addOns.has(grants.addOn)) throw new InputError({ code: 'unknown_add_on', field: 'grants.add_on', message: `the catalog in force has no add-on ${grants.addOn}.${didYouMean(nearest(grants.addOn, catalog.addOns.keys()))}` })
    return grants
  }
  const assets = new Set([...catalog.plans.values()].map(({ asset }) => asset))
  if (!assets.has(grants.asset)) throw new InputError({ code: 'unknown_asset', field: 'grants.asset', message: `no plan is priced in ${grants.asset}: codes give ${[...assets].join(' or ')}.${didYouMean(nearest(grants.asset, assets))}` })
  return { ...grants, amount: formatUnits(parsePositiveUnits(grants.amount, grants.asset, 'grants.amount'), grants.asset), features: featuresFor(plane, grants.features ?? []) }
}

export async function batchesPage(plane: ControlPlane, input: { readonly after: string | null; readonly limit: number }): Promise<Page<BatchRow>> {
  return pageOf(await listBatches(plane.sql, { ...input, limit: input.limit + 1 }), input.limit, ({ id }) => id)
}

/** Nobody can redeem its codes any more; what they gave stays. */
export async function endBatch(plane: ControlPlane, actor: Actor, id: string): Promise<BatchRow> {
  await withRetry(plane.sql, async (tx) => {
    if ((await findBatch(tx, id)) === null) throw new Problem('not_found', `there is no batch ${id}`, 'batch')
    await endBatchRow(tx, id, plane.clock.now())
    await insertAudit(tx, { actor: actor.id, action: 'codes.ended', customer: null, target: id, before: null, after: null })
  })
  return (await findBatch(plane.sql, id))!
}

const LISTED_MAX = 1_000

export async function codeRedemptions(plane: ControlPlane, of: { readonly customer: string | null; readonly batch: string | null }): Promise<readonly CodeRedemption[]> {
  if (of.customer !== null) await getCustomer(plane, of.customer)
  if (of.batch !== null && (await findBatch(plane.sql, of.batch)) === null) throw new Problem('not_found', `there is no batch ${of.batch}`, 'batch')
  return listCodeRedemptions(plane.sql, { ...of, limit: LISTED_MAX })
}

/** In force on every reachable node when it answers. */
export async function redeemCode(plane: ControlPlane, actor: Actor, of: { readonly customer: string; readonly id: string }, typed: string): Promise<CodeRedemption> {
  const at = plane.clock.now()
  if ((await readFailures(plane.sql, { customer: of.customer, at })) >= CODE_FAILURES_PER_HOUR_MAX) throw new Problem('too_many_codes', `${CODE_FAILURES_PER_HOUR_MAX} codes were not valid within the hour: try again in the next`, 'code')
  const hash = hashOf(plane, typed)
  try {
    await changeCustomer(plane, of.customer, async (tx, before) => {
      const [first] = await listCodeRedemptions(tx, { customer: of.customer, batch: null, id: of.id, limit: 1 })
      if (first === undefined) await redeemIn(tx, plane, actor, { ...of, hash, before })
    })
  } catch (error) {
    // A code that is not ours may be a guess. It counts beside the transaction, which leaves nothing.
    if (error instanceof Problem && error.code === 'unknown_code') await countFailure(plane.sql, { customer: of.customer, at })
    throw error
  }
  return (await listCodeRedemptions(plane.sql, { customer: of.customer, batch: null, id: of.id, limit: 1 }))[0]!
}

type Redeeming = { readonly customer: string; readonly id: string; readonly hash: Buffer; readonly before: CustomerRow }

async function redeemIn(tx: Transaction, plane: ControlPlane, actor: Actor, { customer, id, hash, before }: Redeeming): Promise<void> {
  const code = await lockCode(tx, hash)
  const batch = code === null ? null : await findBatch(tx, code.batch)
  if (code === null || batch === null) throw new Problem('unknown_code', 'this code is not known: look at it once more', 'code')
  const now = plane.clock.now()
  const refuse = (why: string) => new Problem('code_refused', `this code ${why}`, 'code')
  if (batch.endedAt !== null) throw refuse('cannot be redeemed any more')
  if (batch.startsAt !== null && now < batch.startsAt) throw refuse(`can be redeemed from ${new Date(batch.startsAt).toISOString()} on`)
  if (batch.expiresAt !== null && batch.expiresAt <= now) throw refuse('has expired')
  if (batch.redemptionsMax !== null && code.redemptions >= batch.redemptionsMax) throw refuse('has been redeemed as often as it may be')
  if ((await countByCustomer(tx, { customer, batch: batch.id })) >= batch.perCustomerMax) throw refuse('or one like it was redeemed here as often as it may be')
  const given = await give(tx, plane, actor, { batch, before, id, now })
  await insertCodeRedemption(tx, { customer, id, batch: batch.id, given, redeemedAt: now, redeemedBy: actor.id }, hash)
  await insertAudit(tx, { actor: actor.id, action: 'code.redeemed', customer, target: batch.id, before: null, after: { redemption: id, ...given } })
  await insertOutbox(tx, [{ customer, type: 'code.redeemed', payload: { redemption: id, name: batch.name, ...given } }])
}

async function give(tx: Transaction, plane: ControlPlane, actor: Actor, { batch, before, id, now }: { readonly batch: BatchRow; readonly before: CustomerRow; readonly id: string; readonly now: Instant }): Promise<Readonly<Record<string, unknown>>> {
  const { grants } = batch
  if (grants.kind === 'credits') {
    const { asset, category, priority, days } = grants
    const block = id.replace(/^rdm_/, 'blk_')
    await addBlock(tx, plane, actor, { customer: before.id, id: block, asset, amount: parsePositiveUnits(grants.amount, asset), category, priority, expiresAt: days === null ? null : instant(now + days * DAY_MS), reference: batch.id, cost: null, features: grants.features ?? [] })
    return { kind: 'credits', block, amount: grants.amount, asset, ...(grants.features === undefined || grants.features.length === 0 ? {} : { features: grants.features }) }
  }
  const current = runningSegment(before, nowOf(plane, before))
  const addOns = grants.kind === 'plan' ? null : [...current.addOns.filter((one) => one.id !== grants.addOn), { id: grants.addOn, quantity: (current.addOns.find((one) => one.id === grants.addOn)?.quantity ?? 0) + grants.quantity }]
  await changeIn(tx, plane, actor, before, { plan: grants.kind === 'plan' ? grants.plan : null, seats: null, addOns, when: 'now', reason: `code of ${batch.name}` }, makeId('fact', plane.randomText()))
  return grants.kind === 'plan' ? { kind: 'plan', plan: grants.plan } : { kind: 'add_on', add_on: grants.addOn, quantity: grants.quantity }
}

/** The job that forgets failed tries of past hours. */
export async function forgetCodeFailures(plane: ControlPlane): Promise<void> {
  await forgetFailures(plane.sql, instant(plane.clock.now() - DAY_MS))
}
