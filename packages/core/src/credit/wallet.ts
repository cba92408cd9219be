// Wallets. A wallet is a customer's credit blocks of one asset that pay for the same features; each is one budget, so that what it
// lends, holds and pays stands by itself: credit for some features never pays for another. The one without features pays for
// everything and owes what none could pay.

import type { AssetId } from '../money.ts'

export type WalletKind = {
  readonly asset: AssetId
  /** Features that it pays for, sorted; none: all. */
  readonly features: readonly string[]
}

/** Sorted, each once. */
export function featureSet(features: readonly string[]): readonly string[] {
  return [...new Set(features)].sort()
}

/** Id of a wallet's budget, such as `wallet:USD` or `wallet:USD/chat+images`; neither assets nor features hold `/` or `+`. */
export function walletId({ asset, features }: WalletKind): string {
  return features.length === 0 ? `wallet:${asset}` : `wallet:${asset}/${featureSet(features).join('+')}`
}

/** What a wallet of this id holds and pays for. */
export function walletOf(id: string): WalletKind {
  const [asset = '', features = ''] = id.slice('wallet:'.length).split('/')
  return { asset, features: features === '' ? [] : features.split('+') }
}

export function paysFor({ features }: Pick<WalletKind, 'features'>, feature: string | null): boolean {
  return features.length === 0 || (feature !== null && features.includes(feature))
}

/** The order in which wallets are asked: what pays for least comes first, so that credit for everything is left for what nothing else pays. */
export function compareWallets(a: Pick<WalletKind, 'features'>, b: Pick<WalletKind, 'features'>): number {
  if (a.features.length === 0 || b.features.length === 0) return Number(a.features.length === 0) - Number(b.features.length === 0)
  const [left, right] = [a.features.join('+'), b.features.join('+')]
  return a.features.length - b.features.length || Number(left > right) - Number(left < right)
}
