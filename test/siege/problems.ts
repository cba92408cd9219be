// What a siege or an outage must not find.

import { JOURNAL_BYTES_MAX } from '@tollgate/core'
import type { Report } from './besiege.ts'
import type { Compared } from './compare.ts'
import { INVOICED, PER_USER, PREPAID, type OutageReport } from './outage.ts'

/** Denials while there was room, as a share of all requests. */
const FALSE_DENIALS_MAX = 0.001
const SHOWN_MAX = 10
/** How long a node may need to meet a database that is back. */
const BACK_MS_MAX = 10_000
/** On a slow machine the leases of the first requests may last for some seconds. */
const LEASES_LAST_MS_MAX = 20_000

export function problemsOf(report: Report): string[] {
  return [
    ...recordProblems(report),
    ...(report.falseDenials.length > report.requests * FALSE_DENIALS_MAX ? found(`denied while there was room, of ${report.requests} requests`, report.falseDenials) : []),
  ]
}

/** Also where nothing happened that could have gone wrong: an outage in which nobody asks proves nothing. */
export function outageProblems(report: OutageReport, downMs: number): string[] {
  const [invoiced, prepaid, perUser] = [report.during[INVOICED]!, report.during[PREPAID]!, report.during[PER_USER]!]
  const must = (isSo: boolean, what: string) => (isSo ? [] : [`${what}: ${JSON.stringify(report.during)}`])
  return [
    ...recordProblems(report),
    ...must(invoiced.acknowledged > 0 && invoiced.lastAfterMs > downMs / 2 && invoiced.unavailable === 0, 'who pays by invoice goes on to the end'),
    ...must(prepaid.acknowledged > 0 && perUser.acknowledged > 0, 'who pays in advance goes on inside the leases'),
    ...must(prepaid.unavailable > 0 || downMs < LEASES_LAST_MS_MAX, 'what no lease covers is told to try again'),
    ...must(prepaid.refused + perUser.refused + invoiced.refused === 0, 'nobody is told that a budget is used up that is not'),
    ...must(prepaid.cut + perUser.cut + invoiced.cut === 0, 'no answer breaks off'),
    ...must(report.backAfterMs <= BACK_MS_MAX, `served again after ${report.backAfterMs} ms`),
    ...must(report.journalBytesMax > 0 && report.journalBytesMax < JOURNAL_BYTES_MAX, `the journal had ${report.journalBytesMax} bytes`),
  ]
}

function recordProblems(report: Compared): string[] {
  return [
    found('budgets passed their limit', report.overspent),
    found('acknowledged and not charged', report.lost),
    found('charged more than once', report.doubled),
    found('charged and never run', report.invented),
    found('charged another amount than what ran', report.wrong),
    found('records that disagree', report.differences),
  ].flat()
}

function found(what: string, list: readonly string[]): string[] {
  return list.length === 0 ? [] : [`${what}: ${list.length}. ${list.slice(0, SHOWN_MAX).join('; ')}`]
}
