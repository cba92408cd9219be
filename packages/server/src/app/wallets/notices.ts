// Notices of wallets: a balance that falls to a threshold, credits whose end comes near. Jobs look and tell, once for each crossing; a threshold is
// armed again when the balance is above it. Operator and tenant have thresholds of their own, and neither undoes the other's.

import { formatInstant, formatUnits, InputError, NOTICE_DAYS_MAX, NOTICE_THRESHOLDS_MAX, parseUnits } from '@tollgate/core'
import { withRetry } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import type { WalletKey } from '../../store/recharge.ts'
import { insertOutbox } from '../../store/settlement.ts'
import { listNoticeDefaults, longestLead, markEnding, markLow, readNotices, writeNotice, writeNoticeDefault, type NoticeSide, type NoticeTerms } from '../../store/wallet-notices.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { getCustomer } from '../customers.ts'

export type WalletNotices = { readonly operator: NoticeTerms; readonly tenant: NoticeTerms; /** False where the operator's are those of all wallets of the asset. */ readonly isOwn: boolean }

/** Lead times where nobody said anything. */
const EXPIRY_DAYS = [7, 1]
const NONE: NoticeTerms = { lowBalance: [], expiryDays: [] }

export async function walletNotices(plane: ControlPlane, of: WalletKey): Promise<WalletNotices> {
  await getCustomer(plane, of.customer)
  const found = await readNotices(plane.sql, of)
  return { operator: found.operator ?? found.default ?? { ...NONE, expiryDays: EXPIRY_DAYS }, tenant: found.tenant ?? NONE, isOwn: found.operator !== undefined }
}

/** Sets the thresholds of one side. */
export async function putWalletNotices(plane: ControlPlane, actor: Actor, of: WalletKey & { readonly side: NoticeSide }, terms: NoticeTerms): Promise<WalletNotices> {
  await getCustomer(plane, of.customer)
  const checked = check(of.asset, terms)
  await withRetry(plane.sql, async (tx) => {
    const before = (await readNotices(tx, of))[of.side] ?? null
    await writeNotice(tx, { ...of, ...checked })
    await insertAudit(tx, { actor: actor.id, action: 'wallet_notices.set', customer: of.customer, target: of.asset, before, after: { side: of.side, ...checked } })
  })
  return walletNotices(plane, of)
}

/** For all wallets of an asset for which the operator set nothing else. */
export async function putNoticeDefault(plane: ControlPlane, actor: Actor, asset: string, terms: NoticeTerms): Promise<NoticeTerms & { readonly asset: string }> {
  const checked = { asset, ...check(asset, terms) }
  await withRetry(plane.sql, async (tx) => {
    await writeNoticeDefault(tx, checked)
    await insertAudit(tx, { actor: actor.id, action: 'wallet_notices.set', customer: null, target: asset, before: null, after: checked })
  })
  return checked
}

export function noticeDefaults(plane: ControlPlane): Promise<readonly (NoticeTerms & { readonly asset: string })[]> {
  return listNoticeDefaults(plane.sql)
}

function check(asset: string, { lowBalance, expiryDays }: NoticeTerms): NoticeTerms {
  const amounts = [...new Set(lowBalance.map((text, index) => parseUnits(text, asset, `low_balance[${index}]`)))].sort((a, b) => (a > b ? -1 : 1))
  if (amounts.some((amount) => amount < 0n)) throw new InputError({ code: 'out_of_range', field: 'low_balance', message: 'a threshold must not be below zero' })
  const days = [...new Set(expiryDays)].sort((a, b) => b - a)
  if (days.some((day) => day < 1 || day > NOTICE_DAYS_MAX)) throw new InputError({ code: 'out_of_range', field: 'expiry_days', message: `a lead time has 1 to ${NOTICE_DAYS_MAX} days` })
  if (amounts.length > NOTICE_THRESHOLDS_MAX || days.length > NOTICE_THRESHOLDS_MAX) throw new InputError({ code: 'out_of_range', field: 'low_balance', message: `at most ${NOTICE_THRESHOLDS_MAX} thresholds of a kind` })
  return { lowBalance: amounts.map((amount) => formatUnits(amount, asset)), expiryDays: days }
}

/** Wallets looked at in one turn: a tenth of a second of the database, and a hundred thousand wallets within twenty turns. */
const WALLETS_PER_TURN = 5_000

/** The job for balances. Returns how many notices were told. */
export function createLowBalanceNotifier(): (plane: ControlPlane) => Promise<number> {
  let after: WalletKey = { customer: '', asset: '' }
  return async (plane) => {
    const { low, last } = await withRetry(plane.sql, async (tx) => {
      const page = await markLow(tx, { after, limit: WALLETS_PER_TURN })
      await insertOutbox(tx, page.low.map(({ customer, ...rest }) => ({ customer, type: 'credits.low', payload: { ...rest, top_up_url: plane.links.topUpUrl } })))
      return page
    })
    after = last ?? { customer: '', asset: '' }
    return low.length
  }
}

const ENDINGS_PER_TURN = 1_000

/** The job for ends of credit. Returns how many notices were told; a full turn is followed by another. */
export async function tellEndingCredits(plane: ControlPlane): Promise<number> {
  for (let told = 0; ; ) {
    const found = await withRetry(plane.sql, async (tx) => {
      const daysMax = Math.max(await longestLead(tx), ...EXPIRY_DAYS)
      const ending = await markEnding(tx, { now: plane.clock.now(), daysMax, daysDefault: EXPIRY_DAYS, limit: ENDINGS_PER_TURN })
      await insertOutbox(tx, ending.map(({ customer, expiresAt, ...rest }) => ({ customer, type: 'credits.expiring', payload: { ...rest, expires_at: formatInstant(expiresAt) } })))
      return ending.length
    })
    told += found
    if (found < ENDINGS_PER_TURN) return told
  }
}
