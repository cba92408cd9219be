// The one order of facts, whatever the order of their arrival: by their own time, then by what must come first, then, for a provider
// whose clock counts seconds, by what each message says was before it. Where even that does not tell, the more generous state
// stands last and the tie is reported, so that the shell asks the provider.

import type { Instant } from '../time.ts'
import type { Fact, ProviderState } from './fact.ts'

export type Ordered = { readonly facts: readonly Fact[]; /** Instants at which provider messages could not be ordered. */ readonly undecided: readonly Instant[] }

/** States tied in one instant beyond which no path is searched: a second of a live subscription holds a handful. */
const TIED_MAX = 8
/** Paths looked at: more mean that the messages say nothing of their order. */
const PATHS_MAX = 64

export function orderFacts(facts: readonly Fact[]): Ordered {
  const sorted = [...new Map(facts.map((fact) => [fact.id, fact])).values()].sort(compare)
  const ordered: Fact[] = []
  const undecided: Instant[] = []
  for (let start = 0; start < sorted.length; ) {
    let end = start + 1
    while (end < sorted.length && isTied(sorted[start]!, sorted[end]!)) end += 1
    const group = sorted.slice(start, end)
    const path = group.length === 1 ? group : pathThrough(group, lastState(ordered, group[0]!.subscription))
    if (path === null) undecided.push(group[0]!.at)
    ordered.push(...(path ?? group.sort(byGenerosity)))
    start = end
  }
  return { facts: ordered, undecided }
}

/** Two messages of one provider about one agreement at one instant, and of one stage: only their contents can order them. */
function isTied(a: Fact, b: Fact): boolean {
  return a.at === b.at && a.subscription === b.subscription && a.body.kind === 'provider_state' && b.body.kind === 'provider_state' && rank(a) === rank(b)
}

function compare(a: Fact, b: Fact): number {
  return a.at - b.at || rank(a) - rank(b) || (a.subscription < b.subscription ? -1 : a.subscription > b.subscription ? 1 : 0) || (a.id < b.id ? -1 : 1)
}

/**
 * What comes first where the instant is one: the beginning, then what failed, then what succeeded, then what the provider says of
 * the whole, then its end. A dispute opens before it closes.
 */
function rank({ body }: Fact): number {
  switch (body.kind) {
    case 'started':
      return 0
    case 'provider_state':
      return body.fetched ? 7 : body.stage === 'created' ? 1 : body.stage === 'changed' ? 5 : 6
    case 'payment_failed':
      return 2
    case 'payment_succeeded':
      return 3
    case 'dispute_opened':
    case 'hold_placed':
      return 8
    case 'dispute_won':
    case 'dispute_lost':
    case 'hold_lifted':
      return 9
    default:
      return 4
  }
}

/** The only order in which each message finds what it says was before it; null when there is none or more than one. */
function pathThrough(group: readonly Fact[], prior: ProviderState | null): Fact[] | null {
  const known = withoutRepeats(group)
  if (known.length === 1) return [...known]
  if (known.length > TIED_MAX) return null
  const paths: Fact[][] = []
  const walk = (path: Fact[], left: readonly Fact[]): void => {
    if (paths.length > PATHS_MAX) return
    if (left.length === 0) {
      paths.push(path)
      return
    }
    for (const next of left) {
      const last = path.at(-1)
      if (last === undefined || follows(last, next)) walk([...path, next], left.filter((fact) => fact !== next))
    }
  }
  walk([], known)
  const fitting = paths.filter(([first]) => prior !== null && first!.body.kind === 'provider_state' && first!.body.before !== null && fingerprint(first!.body.before) === fingerprint(prior))
  const candidates = fitting.length > 0 ? fitting : paths
  // Paths that end in the same state differ in nothing that matters.
  const ends = new Set(candidates.map((path) => fingerprint(stateOf(path.at(-1)!))))
  return ends.size === 1 ? candidates[0]! : null
}

/** What the provider said last before the tie. */
function lastState(ordered: readonly Fact[], subscription: string): ProviderState | null {
  const last = ordered.findLast((fact) => fact.subscription === subscription && fact.body.kind === 'provider_state')
  return last === undefined ? null : stateOf(last)
}

/** Messages that say the same before and after are one. */
function withoutRepeats(group: readonly Fact[]): readonly Fact[] {
  const told = new Set<string>()
  return group.filter((fact) => {
    const { body } = fact
    const key = body.kind === 'provider_state' ? `${body.before === null ? '' : fingerprint(body.before)} ${fingerprint(body.after)}` : fact.id
    return told.size < told.add(key).size
  })
}

function follows(first: Fact, next: Fact): boolean {
  const before = next.body.kind === 'provider_state' ? next.body.before : null
  return before !== null && fingerprint(before) === fingerprint(stateOf(first))
}

function stateOf(fact: Fact): ProviderState {
  return (fact.body as Extract<Fact['body'], { readonly kind: 'provider_state' }>).after
}

export function fingerprint(state: ProviderState): string {
  const { status, plan, seats, addOns, trialEndsAt, periodStart, cancelAt, resumesAt } = state
  return JSON.stringify([status, plan, seats, [...addOns].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ id, quantity }) => [id, quantity]), trialEndsAt, periodStart, cancelAt, resumesAt])
}

const STATUSES: readonly ProviderState['status'][] = ['cancelled', 'expired', 'unpaid', 'incomplete', 'paused', 'past_due', 'trialing', 'active']

function byGenerosity(a: Fact, b: Fact): number {
  const [one, other] = [stateOf(a), stateOf(b)]
  return STATUSES.indexOf(one.status) - STATUSES.indexOf(other.status) || one.seats - other.seats || (fingerprint(one) < fingerprint(other) ? -1 : 1)
}
