// What an operator or a contract gives a customer beside its plan, or takes from it, for a time.

import type { EntitlementDocument } from '../catalog/document.ts'
import type { QuantityDocument } from '../catalog/subscription-document.ts'
import type { Instant } from '../time.ts'

export type Grant = {
  readonly id: string
  /**
   * `promotion` and `grant` compete with the plan and the most generous wins; `replace` stands in place of everything, also when it is
   * lower; `denial` takes the features away whatever grants them.
   */
  readonly kind: 'promotion' | 'grant' | 'replace' | 'denial'
  readonly name: string
  readonly entitlements: readonly EntitlementDocument[]
  readonly allowances: readonly QuantityDocument[]
  readonly limits: readonly QuantityDocument[]
  readonly startsAt: Instant
  /** Null for as long as it is not withdrawn. */
  readonly endsAt: Instant | null
  /** Why, for a person. */
  readonly reason: string
}

export function isInForce({ startsAt, endsAt }: Grant, at: Instant): boolean {
  return startsAt <= at && (endsAt === null || at < endsAt)
}

/** The next instant at which one of them begins or ends. */
export function grantsChangeAt(grants: readonly Grant[], at: Instant): Instant | null {
  const ahead = grants.flatMap(({ startsAt, endsAt }) => [startsAt, ...(endsAt === null ? [] : [endsAt])]).filter((moment) => moment > at)
  return ahead.length === 0 ? null : (Math.min(...ahead) as Instant)
}
