// Freeze: one call stops a customer, an entity with all below it, a key or a feature on every reachable node, and says what it
// hits; asked for a preview it only says. What is in flight ends as it was admitted. Observe mode does not weaken it.

import { didYouMean, InputError, nearest, type CustomerId, type EntityId, type Frozen } from '@tollgate/core'
import { withRetry, type Sql } from '../platform/postgres.ts'
import { insertAudit } from '../store/audit.ts'
import { hasEntity } from '../store/entities.ts'
import { countHits, deleteFreeze, findFreeze, insertFreeze, listFreezes, type FreezeHits, type FreezeKind, type FreezeRow } from '../store/freezes.ts'
import { keyById } from '../store/keys.ts'
import { insertOutbox } from '../store/settlement.ts'
import type { Actor } from './actor.ts'
import { tellNodes } from './change-customer.ts'
import type { ControlPlane } from './control-plane.ts'
import { getCustomer } from './customers.ts'
import { Problem } from './problems.ts'

export type FreezeInput = { readonly id: string; readonly customer: string | null; readonly kind: FreezeKind; readonly target: string; readonly reason: string }
export type Frost = { readonly freeze: FreezeRow | null; readonly hits: FreezeHits }

/** What the stop would hit; nothing is stopped. */
export async function previewFreeze(plane: ControlPlane, actor: Actor, input: Omit<FreezeInput, 'id' | 'reason'>): Promise<FreezeHits> {
  const customer = await checkedCustomer(plane, actor, input)
  const { plans } = plane.catalogs.current()
  return countHits(plane.sql, { ...input, customer, plans: [...plans.values()].filter(({ entitlements }) => entitlements.has(input.target)).map(({ id }) => id) })
}

/** In force on every reachable node when it answers. Stopping what is stopped changes nothing. */
export async function freeze(plane: ControlPlane, actor: Actor, input: FreezeInput): Promise<Frost> {
  const hits = await previewFreeze(plane, actor, input)
  const customer = await checkedCustomer(plane, actor, input)
  const row = { ...input, customer, actor: actor.id, owner: actor.customer === null ? ('operator' as const) : ('tenant' as const) }
  await withRetry(plane.sql, async (tx) => {
    if (!(await insertFreeze(tx, row))) return
    await insertAudit(tx, { actor: actor.id, action: 'freeze.set', customer, target: `${input.kind}/${input.target}`, before: null, after: { reason: input.reason } })
    await insertOutbox(tx, [{ customer, type: 'freeze.set', payload: { freeze: input.id, kind: input.kind, target: input.target, reason: input.reason } }])
  })
  await tell(plane, customer)
  const all = await listFreezes(plane.sql, customer)
  return { freeze: all.find(({ kind, target, customer: of }) => kind === input.kind && target === input.target && of === customer) ?? null, hits }
}

export async function lift(plane: ControlPlane, actor: Actor, id: string): Promise<FreezeRow> {
  const row = await findFreeze(plane.sql, id)
  if (row === null || (actor.customer !== null && row.customer !== actor.customer)) throw new Problem('not_found', `there is no freeze ${id}`, 'freeze')
  if (actor.customer !== null && row.owner === 'operator') throw new Problem('freeze_of_operator', `freeze ${id} was set by the operator, who alone can lift it`, 'freeze')
  await withRetry(plane.sql, async (tx) => {
    await deleteFreeze(tx, id)
    await insertAudit(tx, { actor: actor.id, action: 'freeze.lifted', customer: row.customer, target: `${row.kind}/${row.target}`, before: { reason: row.reason }, after: null })
    await insertOutbox(tx, [{ customer: row.customer, type: 'freeze.lifted', payload: { freeze: id, kind: row.kind, target: row.target } }])
  })
  await tell(plane, row.customer)
  return row
}

export async function freezes(plane: ControlPlane, actor: Actor, customer: string | null): Promise<FreezeRow[]> {
  assertOwn(actor, customer)
  return listFreezes(plane.sql, actor.customer ?? customer)
}

/** What a customer's snapshot says of it; undefined for nothing. */
export async function frozenOf(sql: Sql, customer: string): Promise<Frozen | undefined> {
  const rows = await listFreezes(sql, customer)
  if (rows.length === 0) return undefined
  const targets = <Target extends string>(kind: FreezeKind) => rows.flatMap((row) => (row.kind === kind ? [row.target as Target] : []))
  return { customer: targets('customer').length > 0, entities: targets<EntityId>('entity'), keys: targets('key'), features: targets('feature') }
}

/** The customer that the target belongs to; null for a feature of all customers. */
async function checkedCustomer(plane: ControlPlane, actor: Actor, { customer: named, kind, target }: Omit<FreezeInput, 'id' | 'reason'>): Promise<string | null> {
  assertOwn(actor, named)
  const customer = actor.customer ?? (kind === 'customer' ? target : named)
  if (actor.customer !== null && kind === 'customer' && target !== actor.customer) throw new Problem('not_found', `there is no customer ${target}`, 'target')
  if (customer !== null) await getCustomer(plane, customer)
  else if (kind !== 'feature') throw new InputError({ code: 'required', field: 'customer', message: `customer is missing: say whose ${kind} it is` })
  const { features } = plane.catalogs.current()
  if (kind === 'feature' && !features.has(target)) throw new InputError({ code: 'unknown_feature', field: 'target', message: `the catalog in force has no feature ${target}.${didYouMean(nearest(target, features.keys()))}` })
  if (kind === 'entity' && !(await hasEntity(plane.sql, customer!, target))) throw new InputError({ code: 'unknown_entity', field: 'target', message: `customer ${customer} has no entity ${target}` })
  if (kind === 'key' && (await keyById(plane.sql, target))?.customer !== customer) throw new Problem('not_found', `customer ${customer} has no key ${target}`, 'target')
  return customer
}

/** For a customer's key no other customer exists. */
function assertOwn(actor: Actor, customer: string | null): void {
  if (actor.customer !== null && customer !== null && customer !== actor.customer) throw new Problem('not_found', `there is no customer ${customer}`, 'customer')
}

async function tell(plane: ControlPlane, customer: string | null): Promise<void> {
  if (customer !== null) return tellNodes(plane, customer as CustomerId)
  // The same message makes nodes ask for every customer anew.
  const late = await plane.hub.broadcast({ kind: 'catalog', version: plane.catalogs.current().version })
  if (late.length > 0) plane.log.warn({ nodes: late }, 'nodes did not confirm a freeze in time')
}
