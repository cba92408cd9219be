// Whether a rule of the catalog speaks of a request: all conditions that it has must hold.

import type { PromptRule } from '@tollgate/core'
import type { Known } from '../../hot/contract.ts'
import type { SurfaceRequest } from '../surface.ts'
import type { Attribution } from './attribution.ts'

export type Fitting = { readonly known: Known; readonly request: SurfaceRequest; readonly attribution: Attribution }

export function fitsRule({ feature, plans, models }: Pick<PromptRule, 'feature' | 'plans' | 'models'>, { attribution, known, request }: Fitting): boolean {
  return (feature === null || feature === attribution.feature) && (plans === null || plans.has(known.snapshot.plan)) && (models === null || models.has(request.model))
}
