// Which requests a budget counts: those of its entity or below, and of its features. Admission, booking on a node and
// settlement all ask here, so that what was held is what is booked.

import type { CustomerSnapshot } from '../entitlement/snapshot.ts'
import type { EntityId } from '../id.ts'
import type { Budget } from './budget.ts'

/** A budget counts a request of its entity or below, and of its features. */
export function applies(budget: Budget, snapshot: CustomerSnapshot, request: { readonly feature: string | null; readonly entity: EntityId | null }): boolean {
  if (budget.features !== null && (request.feature === null || !budget.features.includes(request.feature))) return false
  if (budget.entity === null) return true
  if (request.entity === null) return false
  return budget.entity === request.entity || (snapshot.entityPaths[request.entity]?.includes(budget.entity) ?? false)
}
