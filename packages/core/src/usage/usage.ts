// What a provider's answer says that it used, as data: the model that answered, its service tier and region, disjoint
// buckets, the provider's own total beside ours, and every doubt about it. Each API family has a reader of its own; a body
// is read as a stream of one event, so that both give the same. Prices are elsewhere (rating/usage-cost.ts).

import { nonZero, type Buckets } from './bucket.ts'

export type ProviderUsage = {
  /** The model that answered; null where the answer does not say. */
  readonly model: string | null
  /** `standard`, or the class of service that the answer names: flex, priority, batch, fast … */
  readonly tier: string
  /** Where it ran, if the answer says so. */
  readonly region: string | null
  /** What else a price may depend on, such as the quality and size of images. */
  readonly labels: Readonly<Record<string, string>>
  readonly buckets: Buckets
  /** What other models used inside this answer, each billed at its own model's prices. */
  readonly elsewhere: readonly PartUsage[]
  /** Tokens as we counted them and as the provider's own total states them, over the same buckets; null when it states none. */
  readonly total: { readonly counted: number; readonly stated: number | null }
  readonly problems: readonly UsageProblem[]
}

export type PartUsage = { readonly model: string | null; readonly kind: 'advisor' | 'declined'; readonly buckets: Buckets }

export type UsageProblem = { readonly code: UsageProblemCode; readonly field: string; readonly message: string }

export type UsageProblemCode =
  /** The answer tells no usage. */
  | 'no_usage'
  /** A figure that must be there is not. */
  | 'missing_count'
  /** A figure is not a whole number of zero or more. */
  | 'invalid_count'
  /** The parts do not sum to the provider's total: the larger of both was taken. */
  | 'total_mismatch'
  /** A part is larger than its whole, and was cut to it. */
  | 'part_exceeds_whole'
  /** Cache writes whose lifetime the answer leaves open: counted as five minutes. */
  | 'cache_lifetime_unknown'

/** Reads one API family: `add` sees each parsed event of a stream, or the one body; order and repetition change nothing. */
export type UsageFamily<Told> = {
  readonly start: Told
  readonly add: (told: Told, event: unknown) => Told
  /** `provider` is the dialect: the same fields mean different things at xAI and at OpenAI. */
  readonly finish: (told: Told, provider: string | null) => ProviderUsage
}

/** False when the figures cannot be trusted to be complete, so that a cost made of them would be wrong. */
export function isComplete(usage: ProviderUsage): boolean {
  return !usage.problems.some(({ code }) => code === 'no_usage' || code === 'missing_count' || code === 'invalid_count')
}

/** Who answered and how: the part of an answer that is not a figure. The last word told stands. */
export type Circumstances = { readonly model: string | null; readonly tier: string | null; readonly region: string | null; readonly labels: Readonly<Record<string, string>> }

export const UNTOLD: Circumstances = { model: null, tier: null, region: null, labels: {} }

export function tellCircumstances(before: Circumstances, now: { readonly model?: unknown; readonly tier?: unknown; readonly region?: unknown; readonly labels?: Readonly<Record<string, unknown>> }): Circumstances {
  const labels = Object.entries(now.labels ?? {}).filter((entry): entry is [string, string] => isText(entry[1]))
  return {
    model: isText(now.model) ? now.model : before.model,
    tier: isText(now.tier) ? now.tier : before.tier,
    region: isText(now.region) && !NO_REGION.has(now.region) ? now.region : before.region,
    labels: labels.length === 0 ? before.labels : { ...before.labels, ...Object.fromEntries(labels) },
  }
}

export function finishUsage(of: Circumstances, parts: { readonly buckets: Buckets; readonly total: ProviderUsage['total']; readonly problems: readonly UsageProblem[]; readonly elsewhere?: readonly PartUsage[] }): ProviderUsage {
  return { model: of.model, tier: plainTier(of.tier), region: of.region, labels: of.labels, buckets: nonZero(parts.buckets), elsewhere: parts.elsewhere ?? [], total: parts.total, problems: parts.problems }
}

/** An answer that tells nothing. */
export function noUsage(of: Circumstances, field: string, problems: readonly UsageProblem[] = []): ProviderUsage {
  const problem: UsageProblem = { code: 'no_usage', field, message: `the answer has no ${field}` }
  return finishUsage(of, { buckets: {}, total: { counted: 0, stated: null }, problems: [...problems, problem] })
}

/** Names under which providers sell their ordinary service. */
const STANDARD = new Set(['standard', 'standard_only', 'default', 'auto', 'on_demand', 'unspecified', 'traffic_type_unspecified'])
const NO_REGION = new Set(['not_available', 'global', ''])

/** `ON_DEMAND_FLEX` and `SERVICE_TIER_FLEX` are `flex`. */
function plainTier(tier: string | null): string {
  if (tier === null) return 'standard'
  const word = tier.toLowerCase().replace(/^service_tier_/, '')
  return STANDARD.has(word) ? 'standard' : word.replace(/^on_demand_/, '')
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
