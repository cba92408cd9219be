// What the operator agreed with a provider beyond its public prices: a discount, from a day on, for some models or all. The
// terms lie over the rate card, so that importing new public prices never loses them. Exactly one applies to a request.

import type { ProviderTerms } from '../catalog/catalog.ts'
import type { Instant } from '../time.ts'
import { comparePatterns, matchesPattern } from './rate-match.ts'

/** The terms for `model` of `provider` at `at`: the most specific pattern, of equals the newest. */
export function termsInForce(terms: readonly ProviderTerms[], of: { readonly provider: string; readonly model: string; readonly at: Instant }): ProviderTerms | null {
  let best: { readonly terms: ProviderTerms; readonly pattern: string } | null = null
  for (const candidate of terms) {
    if (candidate.provider !== of.provider || candidate.from > of.at) continue
    const pattern = candidate.models.filter((model) => matchesPattern(model, of.model)).sort(comparePatterns)[0]
    if (pattern === undefined) continue
    const order = best === null ? -1 : comparePatterns(pattern, best.pattern)
    if (best === null || order < 0 || (order === 0 && candidate.from > best.terms.from)) best = { terms: candidate, pattern }
  }
  return best?.terms ?? null
}
