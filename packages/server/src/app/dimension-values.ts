// The values that a dimension has had: what a filter can choose from.

import { DIMENSION_VALUES_MAX, InputError } from '@tollgate/core'
import { listDimensionValues } from '../store/dimensions.ts'
import type { ControlPlane } from './control-plane.ts'
import { getCustomer } from './customers.ts'

/** `customer` null: of all customers, for the operator. */
export function dimensionValues(plane: ControlPlane, input: { readonly customer: string | null; readonly meter: string; readonly dimension: string }): Promise<string[]> {
  return listDimensionValues(plane.sql, { ...input, limit: DIMENSION_VALUES_MAX })
}

/** Of one customer, for whom both must exist. */
export async function dimensionValuesOf(plane: ControlPlane, input: { readonly customer: string; readonly meter: string; readonly dimension: string }): Promise<string[]> {
  await getCustomer(plane, input.customer)
  if (!plane.catalogs.current().meterById.has(input.meter)) throw new InputError({ code: 'unknown_meter', field: 'meter', message: `the catalog in force has no meter ${input.meter}` })
  return dimensionValues(plane, input)
}
