// Figures out of a provider's JSON. A table says where each may stand; what several places or several events tell of one
// figure is merged to the largest, which holds for cumulative, split and repeated reports alike. A value that is there
// but is no plausible count is remembered as a fault: a cost without it would be too small.

import { QUANTITY_MAX } from '../quantity.ts'
import type { UsageProblem } from './usage.ts'

/** Paths, such as `prompt_tokens_details.cached_tokens`, under which a figure is told. */
export type CountTable<Field extends string> = Readonly<Record<Field, readonly (readonly string[])[]>>

/** The largest figure told; null when none was. */
export type Counts<Field extends string> = { readonly figures: Readonly<Record<Field, number | null>>; readonly faults: readonly string[]; readonly isTold: boolean }

const COUNT_MAX = Number(QUANTITY_MAX)

export function countTable<Field extends string>(paths: Readonly<Record<Field, string | readonly string[]>>): CountTable<Field> {
  const entries = Object.entries<string | readonly string[]>(paths).map(([field, where]) => [field, (typeof where === 'string' ? [where] : where).map((path) => path.split('.'))])
  return Object.fromEntries(entries) as CountTable<Field>
}

export function noCounts<Field extends string>(table: CountTable<Field>): Counts<Field> {
  return { figures: Object.fromEntries(Object.keys(table).map((field) => [field, null])) as Record<Field, null>, faults: [], isTold: false }
}

/** What `source` tells, merged with what was told before. Whatever is not an object tells nothing. */
export function addCounts<Field extends string>(table: CountTable<Field>, before: Counts<Field>, source: unknown): Counts<Field> {
  if (typeof source !== 'object' || source === null) return before
  const figures: Record<Field, number | null> = { ...before.figures }
  let faults = before.faults
  for (const field of Object.keys(table) as Field[]) {
    for (const path of table[field]) {
      const value = valueAt(source, path)
      if (value === undefined || value === null) continue
      if (isCount(value)) figures[field] = Math.max(figures[field] ?? 0, value)
      else if (!faults.includes(path.join('.'))) faults = [...faults, path.join('.')]
    }
  }
  return { figures, faults, isTold: true }
}

export function faultProblems(counts: { readonly faults: readonly string[] }): UsageProblem[] {
  return [...counts.faults].sort().map((field) => ({ code: 'invalid_count', field, message: `${field} is not a whole number of zero or more` }))
}

export function missing(field: string): UsageProblem {
  return { code: 'missing_count', field, message: `the usage tells no ${field}` }
}

export function mismatch(field: string, counted: number, stated: number): UsageProblem {
  return { code: 'total_mismatch', field, message: `the parts sum to ${counted}, but ${field} states ${stated}` }
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= COUNT_MAX
}

export type Fields = Readonly<Record<string, unknown>>
const NO_FIELDS: Fields = {}

/** The fields of an object; none of anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : NO_FIELDS
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function valueAt(source: object, path: readonly string[]): unknown {
  let value: unknown = source
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Fields)[part]
  }
  return value
}
