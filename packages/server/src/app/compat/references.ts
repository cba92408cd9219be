// Names that other systems' clients know customers by → our customers. A key that belongs to a customer sees no other.

import type { CustomerId } from '@tollgate/core'
import { customersByReference, referencesOf } from '../../store/customers.ts'
import type { Caller } from '../authenticate.ts'
import type { ControlPlane } from '../control-plane.ts'
import { Problem } from '../problems.ts'

/** By name; names that nobody has, or that the caller may not see, are missing. */
export async function customersNamed(plane: ControlPlane, caller: Caller, names: readonly string[]): Promise<Map<string, CustomerId>> {
  const found = await customersByReference(plane.sql, [...new Set(names)])
  return new Map([...found].flatMap(([name, { id }]) => (caller.key.customer === null || caller.key.customer === id ? [[name, id] as const] : [])))
}

export async function customerNamed(plane: ControlPlane, caller: Caller, name: string): Promise<CustomerId> {
  const id = (await customersNamed(plane, caller, [name])).get(name)
  if (id === undefined) throw new Problem('not_found', `there is no customer with the id or external id ${name.slice(0, 100)}`, 'customer')
  return id
}

export function namesOf(plane: ControlPlane, customers: readonly string[]): Promise<Map<string, string>> {
  return referencesOf(plane.sql, customers)
}
