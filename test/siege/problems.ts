// What a siege must not find.

import type { Report } from './besiege.ts'

/** Denials while there was room, as a share of all requests: what is aimed at, on a machine that answers a recall within its 150 ms. */
const FALSE_DENIALS_MAX = 0.001
const SHOWN_MAX = 10

export function problemsOf(report: Report, falseDenialsMax = FALSE_DENIALS_MAX): string[] {
  const found = (what: string, list: readonly string[]) => (list.length === 0 ? [] : [`${what}: ${list.length}. ${list.slice(0, SHOWN_MAX).join('; ')}`])
  return [
    found('budgets passed their limit', report.overspent),
    found('acknowledged and not charged', report.lost),
    found('charged more than once', report.doubled),
    found('charged and never run', report.invented),
    found('charged another amount than what ran', report.wrong),
    found('records that disagree', report.differences),
    report.falseDenials.length > report.requests * falseDenialsMax ? found(`denied while there was room, of ${report.requests} requests`, report.falseDenials) : [],
  ].flat()
}
