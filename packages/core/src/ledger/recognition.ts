// Revenue recognition: a fee for time to come is owed as service until that time passes. What has passed of it is prorated by the second over
// the time that it is for, as one function of the moment, so that however often or late somebody posts the difference, the sum is the same,
// and after the end nothing is deferred. A fee below zero (time that is given back) runs the other way.

import { assert } from '../assert.ts'
import { divideRounded } from '../decimal.ts'
import type { LineKind } from '../invoice/close.ts'
import { units, ZERO, type Units } from '../money.ts'
import { USAGE_LINES } from './chart.ts'
import { elapsedSeconds, prorated } from '../rating/proration.ts'
import type { Instant, Span } from '../time.ts'

/** The deferred amount of one invoice line. */
export type Deferral = {
  /** Exact; below zero for time that is given back. */
  readonly amount: Units
  /** Time that it is for. */
  readonly span: Span
  /** Of the amount taken back by credit notes before its time came. */
  readonly released: Units
  /** From where the rest is spread: the start of the span with nothing recognised, or the last credit note. */
  readonly basis: { readonly at: Instant; readonly recognised: Units }
}

/** Whether a line that is invoiced at `now` is revenue of time to come. Usage is what happened, whenever it is invoiced. */
export function isDeferred(line: { readonly kind: LineKind; readonly period: Span; readonly time?: Span }, now: Instant): boolean {
  return !USAGE_LINES.has(line.kind) && (line.time ?? line.period).end > now
}

/** What is revenue of it by `at`, in all. */
export function recognisedBy({ amount, span, released, basis }: Deferral, at: Instant): Units {
  const whole = units(amount - released)
  if (at >= span.end) return whole
  const rest: Span = { start: basis.at, end: span.end }
  if (at <= rest.start || rest.end - rest.start < SECOND_MS) return basis.recognised
  return units(basis.recognised + prorated(units(whole - basis.recognised), elapsedSeconds(rest, at)))
}

const SECOND_MS = 1_000

/**
 * A credit note takes `taken` of the `creditable` amount of the line. What is still deferred goes back in the same share, because nobody owes
 * that service any more; the rest of the note takes revenue back. Returns what is released of `deferred`, the amount that is not recognised yet.
 */
export function releasedByCredit(deferred: Units, note: { readonly taken: Units; readonly creditable: Units }): Units {
  assert(note.taken > ZERO && note.taken <= note.creditable, 'releasedByCredit: a note takes some of what is left of its line')
  return units(divideRounded(deferred * note.taken, note.creditable))
}
