// Which phase of a contract holds at an instant, and how long. Days are those of the customer's time zone, so this needs the calendar
// and runs in the control plane only: nodes get the terms that hold, and until when.

import { periodAt } from '../period.ts'
import { instant, type Instant, type Span } from '../time.ts'
import { LIFETIME } from '../budget/budget.ts'
import type { CommitmentDocument, ContractDocument, TermsDocument } from './document.ts'

/** The phase that holds at `at`; `terms` null before the contract, after it, and without one. `holds` says how long that stays so. */
export function phaseAt(contract: ContractDocument | null, timeZone: string, at: Instant): { readonly terms: TermsDocument | null; readonly holds: Span } {
  if (contract === null) return { terms: null, holds: LIFETIME }
  const start = dayStart(contract.from, timeZone)
  const end = contract.to === null ? LIFETIME.end : dayStart(contract.to, timeZone)
  if (at < start) return { terms: null, holds: { start: LIFETIME.start, end: start } }
  if (at >= end) return { terms: null, holds: { start: end, end: LIFETIME.end } }
  const starts = contract.phases.map(({ from }) => dayStart(from, timeZone))
  const index = starts.findLastIndex((begin) => begin <= at)
  const phase = contract.phases[index]
  if (phase === undefined) return { terms: null, holds: { start, end: starts[0] ?? end } }
  const next = starts[index + 1] ?? end
  return { terms: phase, holds: { start: starts[index]!, end: instant(Math.min(next, end)) } }
}

/** The window of a commitment that holds `period`: the period itself, or the year of the contract in which it begins. */
export function commitmentWindow(contract: ContractDocument, timeZone: string, of: { readonly window: CommitmentDocument['window']; readonly period: Span }): Span {
  if (of.window === 'billing_period') return of.period
  const anchorAt = dayStart(contract.from, timeZone)
  return periodAt({ anchorAt, timeZone, every: 'year' }, instant(Math.max(of.period.start, anchorAt)))
}

/** Midnight at which a day begins. */
export function dayStart(day: string, timeZone: string): Instant {
  return instant(Temporal.PlainDate.from(day).toZonedDateTime(timeZone).epochMilliseconds)
}
