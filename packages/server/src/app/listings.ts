// Lists of customers, keys and entities, a page at a time. A page is asked for with one row more than it shows, so that the
// last page never leads to an empty one.

import type { CustomerId } from '@tollgate/core'
import { customerAt, listCustomers, type CustomerRow } from '../store/customers.ts'
import type { KeyRow } from '../store/keys.ts'
import { findEntity, pageEntities, pageKeys, type EntityRow } from '../store/pages.ts'
import type { ControlPlane } from './control-plane.ts'
import { nowOf } from './customer-time.ts'
import { getCustomer } from './customers.ts'
import { Problem } from './problems.ts'

/** `after` is the last id of the page before. */
export type PageInput = { readonly after: string | null; readonly limit: number }
/** `next` is what to ask with for the page after this one; null on the last. */
export type Page<Row> = { readonly rows: readonly Row[]; readonly next: string | null }

export async function customersPage(plane: ControlPlane, input: PageInput & { readonly search: string | null }): Promise<Page<CustomerRow>> {
  const rows = (await listCustomers(plane.sql, { ...input, limit: input.limit + 1 })).map((row) => customerAt(row, nowOf(plane, row)))
  return pageOf(rows, input.limit, ({ id }) => id)
}

export async function keysPage(plane: ControlPlane, input: PageInput & { readonly customer: string | null }): Promise<Page<KeyRow>> {
  if (input.customer !== null) await getCustomer(plane, input.customer)
  return pageOf(await pageKeys(plane.sql, { ...input, limit: input.limit + 1 }), input.limit, ({ id }) => id)
}

export async function entitiesPage(plane: ControlPlane, input: PageInput & { readonly customer: string }): Promise<Page<EntityRow>> {
  await getCustomer(plane, input.customer)
  return pageOf(await pageEntities(plane.sql, { ...input, limit: input.limit + 1 }), input.limit, ({ id }) => id)
}

export async function getEntity(plane: ControlPlane, customer: CustomerId, id: string): Promise<EntityRow> {
  const row = await findEntity(plane.sql, customer, id)
  if (row === null) throw new Problem('not_found', `customer ${customer} has no entity ${id}`, 'entity')
  return row
}

/** Cuts the row that was asked for in excess. */
export function pageOf<Row>(rows: readonly Row[], limit: number, cursorOf: (row: Row) => string): Page<Row> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { rows: shown, next: rows.length > limit && last !== undefined ? cursorOf(last) : null }
}
