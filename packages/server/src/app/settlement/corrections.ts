// Which correction of an event holds, and what follows from it: pure. The latest by the time that its sender stated holds, so that any
// order of arrival ends in the same; a void is one like the others. What stands is reversed, what holds replaces it.

import type { EventRef } from '@tollgate/core'
import type { CorrectionRow, EventKeyRef } from '../../store/corrections.ts'

/** What must be done about one event. `standing` null: nothing stands for it. */
export type Amendment = {
  readonly original: EventKeyRef
  /** Key of the row that stands now: the original's, or that of the correction that held before. */
  readonly standing: EventRef | null
  readonly by: CorrectionRow
}

/** The correction that holds; null for none. */
export function holding(corrections: readonly CorrectionRow[]): CorrectionRow | null {
  return corrections.reduce<CorrectionRow | null>((latest, row) => (latest === null || isLater(row, latest) ? row : latest), null)
}

/** Null where what just came changes nothing, because a later correction holds already. `fresh` are not applied yet. */
export function amend(original: EventKeyRef, before: readonly CorrectionRow[], fresh: readonly CorrectionRow[]): Amendment | null {
  const held = holding(before)
  const holds = holding([...before, ...fresh])
  if (holds === null || holds === held) return null
  const standing = held === null ? { source: original.source, id: original.id } : held.isVoid ? null : { source: held.bySource, id: held.byId }
  return { original, standing, by: holds }
}

function isLater(a: CorrectionRow, b: CorrectionRow): boolean {
  if (a.at !== b.at) return a.at > b.at
  return a.bySource === b.bySource ? a.byId > b.byId : a.bySource > b.bySource
}
