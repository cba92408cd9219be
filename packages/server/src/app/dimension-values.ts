// The values that a dimension has had: what a filter can choose from.

import { DIMENSION_VALUES_MAX } from '@tollgate/core'
import { listDimensionValues } from '../store/dimensions.ts'
import type { ControlPlane } from './control-plane.ts'

/** `customer` null: of all customers, for the operator. */
export function dimensionValues(plane: ControlPlane, input: { readonly customer: string | null; readonly meter: string; readonly dimension: string }): Promise<string[]> {
  return listDimensionValues(plane.sql, { ...input, limit: DIMENSION_VALUES_MAX })
}
