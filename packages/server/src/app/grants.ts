// What a customer is granted or denied beside its plan: promotions of the catalog, grants and replacements of a contract, denials by an
// operator. A grant is never deleted: withdrawing sets its end. In force on every reachable node when the call answers.

import { checkGrantTargets, didYouMean, GRANTS_PER_CUSTOMER_MAX, InputError, instant, makeId, nearest, type EntitlementDocument, type Grant, type Instant, type QuantityDocument } from '@tollgate/core'
import { calendarOf } from '@tollgate/core/subscription'
import { insertAudit } from '../store/audit.ts'
import { countGrants, endGrant, insertGrant, listGrants, type GrantRow } from '../store/grants.ts'
import type { Actor } from './actor.ts'
import type { ControlPlane } from './control-plane.ts'
import { changeCustomer } from './change-customer.ts'
import { nowOf } from './customer-time.ts'
import { getCustomer } from './customers.ts'
import { Problem } from './problems.ts'

export type NewGrant = {
  readonly kind: Grant['kind']
  readonly name: string | null
  /** Of the catalog; only and always for a promotion. */
  readonly promotion: string | null
  readonly entitlements: readonly EntitlementDocument[]
  readonly allowances: readonly QuantityDocument[]
  readonly limits: readonly QuantityDocument[]
  readonly startsAt: Instant | null
  readonly endsAt: Instant | null
  readonly reason: string
}

export async function grantsOf(plane: ControlPlane, customer: string): Promise<GrantRow[]> {
  await getCustomer(plane, customer)
  return listGrants(plane.sql, customer)
}

export async function createGrant(plane: ControlPlane, actor: Actor, customer: string, input: NewGrant): Promise<GrantRow> {
  const id = makeId('grant', plane.randomText())
  await changeCustomer(plane, customer, async (tx, before) => {
    const now = nowOf(plane, before)
    const startsAt = input.startsAt ?? now
    const content = contentOf(plane, input)
    const endsAt = input.endsAt ?? (content.days === null ? null : calendarOf(before.timeZone).addDays(startsAt, content.days))
    if (endsAt !== null && endsAt <= startsAt) throw new InputError({ code: 'out_of_range', field: 'ends_at', message: 'ends_at must be after starts_at' })
    if ((await countGrants(tx, customer)) >= GRANTS_PER_CUSTOMER_MAX) throw new InputError({ code: 'out_of_range', field: 'customer', message: `a customer has at most ${GRANTS_PER_CUSTOMER_MAX} grants, past ones included` })
    const row = { customer: before.id as string, id, kind: input.kind, name: input.name ?? content.name, promotion: input.promotion, entitlements: content.entitlements, allowances: content.allowances, limits: content.limits, startsAt, endsAt, reason: input.reason, createdBy: actor.id }
    await insertGrant(tx, row)
    await insertAudit(tx, { actor: actor.id, action: 'grant.created', customer, target: id, before: null, after: row, reason: input.reason })
  })
  return (await listGrants(plane.sql, customer)).find((row) => row.id === id)!
}

export async function withdrawGrant(plane: ControlPlane, actor: Actor, customer: string, id: string, reason: string): Promise<GrantRow> {
  await changeCustomer(plane, customer, async (tx, before) => {
    const ended = await endGrant(tx, { customer, id, at: nowOf(plane, before) })
    if (ended === null) throw new Problem('not_found', `customer ${customer} has no grant ${id}`, 'grant')
    await insertAudit(tx, { actor: actor.id, action: 'grant.withdrawn', customer, target: id, before: null, after: { ends_at: ended.endsAt === null ? null : new Date(instant(ended.endsAt)).toISOString() }, reason })
  })
  return (await listGrants(plane.sql, customer)).find((row) => row.id === id)!
}

type Content = { readonly name: string; readonly days: number | null; readonly entitlements: readonly EntitlementDocument[]; readonly allowances: readonly QuantityDocument[]; readonly limits: readonly QuantityDocument[] }

function contentOf(plane: ControlPlane, input: NewGrant): Content {
  const catalog = plane.catalogs.current()
  if (input.kind === 'promotion') {
    if (input.promotion === null) throw new InputError({ code: 'required', field: 'promotion', message: 'name a promotion of the catalog' })
    const promotion = catalog.promotions.get(input.promotion)
    if (promotion === undefined) throw new InputError({ code: 'unknown_promotion', field: 'promotion', message: `the catalog in force has no promotion ${input.promotion}.${didYouMean(nearest(input.promotion, catalog.promotions.keys()))}` })
    return promotion
  }
  if (input.promotion !== null) throw new InputError({ code: 'invalid_value', field: 'promotion', message: `a ${input.kind} names what it gives itself, and no promotion` })
  if (input.entitlements.length + input.allowances.length + input.limits.length === 0) throw new InputError({ code: 'required', field: 'entitlements', message: 'name at least one feature, allowance or limit' })
  if (input.kind === 'denial' && input.allowances.length + input.limits.length > 0) throw new InputError({ code: 'invalid_value', field: 'allowances', message: 'a denial takes features away; to lower a quantity, replace it' })
  checkGrantTargets(catalog, input)
  return { name: input.kind, days: null, entitlements: input.entitlements, allowances: input.allowances, limits: input.limits }
}
