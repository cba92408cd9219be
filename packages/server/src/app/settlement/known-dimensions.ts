// Which values of dimensions have a row of their own in the rollups: the first ones of each customer and meter, up to a bound.
// Further ones are counted together as `(other)`: totals stay exact, and the operator is told once. What is known is kept in memory after
// its transaction has committed, so that a settled stream of events asks the database for nothing.

import { DIMENSION_VALUES_MAX } from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { countDimensionValues, insertDimensionValues, insertOverflows, readKnownValues, type DimensionValue } from '../../store/dimensions.ts'
import type { OutboxRow } from '../../store/settlement.ts'

/** What stands for a value past the bound. */
export const OTHER_VALUE = '(other)'
/** Customers' dimensions that are kept in memory, each with its bounded values; the oldest are read again. */
const CACHED_MAX = 5_000

export type KnownDimensions = {
  /** Opens a batch: `keep` decides value by value, `write` stores what is new, `committed` remembers it. */
  readonly open: (tx: Transaction, wanted: readonly DimensionValue[]) => Promise<DimensionBatch>
}

export type DimensionBatch = {
  readonly keep: (value: DimensionValue) => string
  readonly write: () => Promise<OutboxRow[]>
  readonly committed: () => void
}

export function createKnownDimensions(bound: number = DIMENSION_VALUES_MAX): KnownDimensions {
  const cache = new Map<string, Set<string>>()

  async function open(tx: Transaction, wanted: readonly DimensionValue[]): Promise<DimensionBatch> {
    const unknown = wanted.filter((value) => cache.get(nameKey(value))?.has(value.value) !== true)
    const known = new Set<string>()
    const counts = new Map<string, number>()
    if (unknown.length > 0) {
      const names = [...new Map(unknown.map((value) => [nameKey(value), value])).values()]
      const [found, counted] = await Promise.all([readKnownValues(tx, unknown), countDimensionValues(tx, names)])
      for (const value of found) known.add(valueKey(value))
      for (const name of counted) counts.set(nameKey(name), name.count)
    }
    const fresh: DimensionValue[] = []
    const overflows = new Map<string, DimensionValue>()
    return {
      keep: (value) => {
        const key = nameKey(value)
        if (cache.get(key)?.has(value.value) === true || known.has(valueKey(value))) return value.value
        const count = counts.get(key) ?? 0
        if (count >= bound) {
          if (!overflows.has(key)) overflows.set(key, value)
          return OTHER_VALUE
        }
        counts.set(key, count + 1)
        known.add(valueKey(value))
        fresh.push(value)
        return value.value
      },
      write: async () => {
        await insertDimensionValues(tx, fresh)
        return (await insertOverflows(tx, [...overflows.values()])).map((value) => overflowMessage(value, bound))
      },
      committed: () => {
        for (const value of unknown) if (known.has(valueKey(value))) remember(nameKey(value), value.value)
      },
    }
  }

  function remember(key: string, value: string): void {
    const values = cache.get(key) ?? new Set()
    values.add(value)
    cache.delete(key)
    cache.set(key, values)
    while (cache.size > CACHED_MAX) cache.delete(cache.keys().next().value!)
  }

  return { open }
}

function valueKey(value: DimensionValue): string {
  return `${nameKey(value)} ${value.value}`
}

function nameKey({ customer, meter, dimension }: Omit<DimensionValue, 'value'>): string {
  return `${customer} ${meter} ${dimension}`
}

function overflowMessage({ customer, meter, dimension, value }: DimensionValue, bound: number): OutboxRow {
  return {
    customer: null,
    type: 'dimension.overflowed',
    payload: { customer, meter, dimension, first_value: value, values_kept: bound, message: `usage of ${meter} by ${dimension} has more than ${bound} values; further ones are counted as ${OTHER_VALUE}. Totals stay exact. Is ${dimension} an id?` },
  }
}
