// Personal dimensions: what names a person (an e-mail address, a user's name) is replaced by a pseudonym before an event is recorded. The
// records keep the pseudonym for ever; the only thing that leads from a person to it is one row, by a keyed hash. To erase a person is to
// delete that row: totals and invoices stay what they were, and nobody can tell any more whose they are.

import { createHmac } from 'node:crypto'
import { makeId, type IncomingUsage, type UsageEvent } from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { claimPseudonyms } from '../../store/pseudonyms.ts'

export type Pseudonyms = {
  /** The same items, those at `which` with their personal dimensions replaced; the customers are locked. */
  readonly replace: (tx: Transaction, items: readonly IncomingUsage[], which: ReadonlySet<number>) => Promise<readonly IncomingUsage[]>
}

export type PseudonymParts = { readonly masterKey: Uint8Array; readonly randomText: () => string; /** Names of dimensions whose values are persons. */ readonly personal: ReadonlySet<string> }

export function createPseudonyms(parts: PseudonymParts): Pseudonyms {
  const { personal } = parts
  return {
    replace: async (tx, items, which) => {
      if (personal.size === 0) return items
      const wanted = new Map<string, { readonly customer: string; readonly dimension: string; readonly hash: string; readonly pseudonym: string }>()
      for (const { event, correction } of items.filter((_, index) => which.has(index))) {
        for (const [dimension, value] of [...Object.entries(event.dimensions), ...Object.entries(correction?.set ?? {})]) {
          if (!personal.has(dimension) || typeof value !== 'string' || value === '') continue
          const hash = personHash(parts.masterKey, { customer: event.customer, dimension, value })
          const key = `${event.customer} ${dimension} ${hash}`
          if (!wanted.has(key)) wanted.set(key, { customer: event.customer, dimension, hash, pseudonym: makeId('pseudonym', parts.randomText()) })
        }
      }
      if (wanted.size === 0) return items
      const known = new Map((await claimPseudonyms(tx, [...wanted.values()])).map((row) => [`${row.customer} ${row.dimension} ${row.hash}`, row.pseudonym]))
      const replaced = (event: UsageEvent, members: Readonly<Record<string, unknown>>) => Object.fromEntries(Object.entries(members).map(([dimension, value]) =>
        [dimension, personal.has(dimension) && typeof value === 'string' && value !== '' ? known.get(`${event.customer} ${dimension} ${personHash(parts.masterKey, { customer: event.customer, dimension, value })}`) : value]))
      return items.map((item, index): IncomingUsage => (!which.has(index) ? item : {
        ...item, event: { ...item.event, dimensions: replaced(item.event, item.event.dimensions) as Record<string, string> },
        ...(item.correction === undefined || item.correction.set === null ? {} : { correction: { ...item.correction, set: replaced(item.event, item.correction.set) } }),
      }))
    },
  }
}

/** Keyed, so that nobody without the master key can try names against it. */
export function personHash(masterKey: Uint8Array, of: { readonly customer: string; readonly dimension: string; readonly value: string }): string {
  return createHmac('sha256', masterKey).update(JSON.stringify([of.customer, of.dimension, of.value])).digest('hex')
}
