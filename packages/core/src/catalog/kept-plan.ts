// Earlier plans that subscribers keep. A new catalog version says of each plan that it changes when those on it follow: now, at their
// next renewal, or never (keep). What they keep stands beside the plans of the version as it was, so that which plan holds for a
// customer follows from when it came onto the plan and from its billing period, and nothing is written per customer.

import { dataText } from '../same-data.ts'
import type { Instant, Span } from '../time.ts'
import type { Plan } from './catalog.ts'
import type { CatalogDocument, PlanDocument } from './document.ts'
import { withParents } from './inherit.ts'

/** When those who are on a plan follow its change: at once, with their first billing period after it, or not at all. */
export type Migration = 'now' | 'at_renewal' | 'keep'

export const MIGRATIONS = ['now', 'at_renewal', 'keep'] as const

/** A plan as it stood until `until`, for those who came onto it before; no part of what is written in a file. */
export type KeptPlanDocument = {
  /** Catalog version that it is of. */
  readonly version: number
  /** First instant of what replaced it. */
  readonly until: Instant
  /** They leave it with their first billing period from then on; null for never. */
  readonly ends: Instant | null
  /** With what it inherited. */
  readonly plan: PlanDocument
}

export type KeptPlan = Omit<KeptPlanDocument, 'plan'> & { readonly plan: Plan }

/** Kept plans by id of the plan, those that were replaced first coming first. */
export type KeptPlans = ReadonlyMap<string, readonly KeptPlan[]>

type Subscriber = {
  readonly plan: string
  /** When it came onto the plan. */
  readonly since: Instant
  /** The billing period that holds an instant, by the period of that plan. */
  readonly periodAt: (plan: Plan, at: Instant) => Span
}

/** The kept version that holds for the subscriber at `at`; null for the plan as the catalog has it. */
export function planVersionAt(kept: KeptPlans | undefined, { plan, since, periodAt }: Subscriber, at: Instant): KeptPlan | null {
  let onSince = since
  for (const own of kept?.get(plan) ?? []) {
    if (onSince >= own.until) continue
    if (own.ends === null) return own
    const leaves = periodAt(own.plan, (own.ends - 1) as Instant).end
    if (at < leaves) return own
    onSince = leaves
  }
  return null
}

export type PlanMigration = { readonly plan: string; readonly migration: Migration }

/** Kept plans of a version that takes force at `at`. Those of a plan that is not named stay as they are; of one that is gone they go, too. */
export function keptAfter(
  before: { readonly version: number; readonly document: CatalogDocument; readonly kept: readonly KeptPlanDocument[] },
  after: { readonly document: CatalogDocument; readonly migrations: readonly PlanMigration[]; readonly changed: ReadonlySet<string>; readonly at: Instant },
): readonly KeptPlanDocument[] {
  const stays = new Set(after.document.plans.map(({ id }) => id))
  const migrationOf = new Map(after.migrations.map(({ plan, migration }) => [plan, migration]))
  const earlier = before.kept.flatMap((kept): KeptPlanDocument[] => {
    const migration = migrationOf.get(kept.plan.id)
    if (!stays.has(kept.plan.id) || migration === 'now') return []
    // Nobody's billing period is longer than a year.
    if (kept.ends !== null && kept.ends < after.at - LONGEST_PERIOD_MS) return []
    return [migration === 'at_renewal' ? { ...kept, ends: Math.min(kept.ends ?? Infinity, after.at) as Instant } : kept]
  })
  const replaced = withParents(before.document).plans.flatMap((plan): KeptPlanDocument[] => {
    const migration = migrationOf.get(plan.id)
    if (!stays.has(plan.id) || !after.changed.has(plan.id) || migration === undefined || migration === 'now') return []
    const { parent: _, ...own } = plan
    return [{ version: before.version, until: after.at, ends: migration === 'at_renewal' ? after.at : null, plan: own }]
  })
  return [...earlier, ...replaced]
}

const LONGEST_PERIOD_MS = 400 * 86_400_000

/** Plans of both documents whose subscribers would have other terms: everything but how a plan is shown, and when its subscribers follow. */
export function plansChanged(before: CatalogDocument, after: CatalogDocument): ReadonlySet<string> {
  const terms = ({ name: _, public: __, migration: ___, parent: ____, providers: _____, ...plan }: PlanDocument): string => dataText(plan)
  const old = new Map(withParents(before).plans.map((plan) => [plan.id, terms(plan)]))
  return new Set(withParents(after).plans.flatMap((plan) => (old.has(plan.id) && old.get(plan.id) !== terms(plan) ? [plan.id] : [])))
}
