// How the books are kept: which account of the operator's own chart stands for each of ours, what an accounting system wants to know beside, what
// requests cost beyond their providers, and which margin is meant. Without settings the defaults hold.

import { accountIn, CHART, didYouMean, InputError, nearest, parsePercent, parsePositiveUnits, type OverheadKey } from '@tollgate/core'
import { withRetry, type Sql, type Transaction } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { readBookSettings, writeBookSettings } from '../../store/books.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'

export type BookSettings = {
  /** Ours to the operator's: its code, and its name unless it is to be ours. */
  readonly accounts: Readonly<Record<string, { readonly code: string; readonly name: string | null }>>
  /** Of the accounting system: whose books they are. */
  readonly subsidiary: string | null
  /** Margin that is meant, in percent; null for none, and no alerts. */
  readonly target: { readonly min: string; readonly max: string } | null
  /** What requests cost beyond their providers, in the catalog's currency. */
  readonly overhead: readonly OverheadSetting[]
}

export type OverheadSetting =
  | { readonly kind: 'per_request'; readonly name: string; readonly amount: string }
  | { readonly kind: 'percent_of_cost' | 'percent_of_revenue'; readonly name: string; readonly percent: string }
  | { readonly kind: 'monthly'; readonly name: string; readonly amount: string; readonly key: OverheadKey }

export const NO_BOOK_SETTINGS: BookSettings = { accounts: {}, subsidiary: null, target: { min: '40', max: '60' }, overhead: [] }

export async function bookSettings(sql: Sql | Transaction): Promise<BookSettings> {
  return { ...NO_BOOK_SETTINGS, ...((await readBookSettings(sql)) as Partial<BookSettings> | null) }
}

export async function setBookSettings(plane: ControlPlane, actor: Actor, settings: BookSettings): Promise<void> {
  const unknown = Object.keys(settings.accounts).find((account) => CHART[account] === undefined)
  if (unknown !== undefined) throw new InputError({ code: 'invalid_value', field: `accounts.${unknown}`, message: `the books have no account ${unknown}. They have ${Object.keys(CHART).join(', ')}.${didYouMean(nearest(unknown, new Set(Object.keys(CHART))))}` })
  const { currency } = plane.catalogs.current()
  if (settings.target !== null && parsePercent(settings.target.min, 'target.min') > parsePercent(settings.target.max, 'target.max')) throw new InputError({ code: 'out_of_range', field: 'target.min', message: 'target.min must not be above target.max' })
  for (const [index, one] of settings.overhead.entries()) {
    if ('percent' in one) parsePercent(one.percent, `overhead.${index}.percent`)
    else parsePositiveUnits(one.amount, currency, `overhead.${index}.amount`)
  }
  await withRetry(plane.sql, async (tx) => {
    const before = await readBookSettings(tx)
    await writeBookSettings(tx, settings)
    await insertAudit(tx, { actor: actor.id, action: 'book_settings.set', customer: null, target: 'book_settings', before, after: settings })
  })
}

/** As it is exported. */
export function mappedAccount(settings: BookSettings, account: string): { readonly code: string; readonly name: string } {
  const own = accountIn(account)
  const mapped = settings.accounts[account]
  return { code: mapped?.code ?? own.code, name: mapped?.name ?? own.name }
}
