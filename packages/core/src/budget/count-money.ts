// What a charge counts on a budget of money. Usage of a plan may be priced in credits, while a cap is set in the currency: then a
// credit counts what it is worth. Null where the two cannot be compared, because the credits have no value.

import type { Catalog } from '../catalog/catalog.ts'
import { divideUp, pow10 } from '../decimal.ts'
import { assetScale, units, type AssetId, type Units } from '../money.ts'

/** Rounded up, so that many small charges never count less than they are worth. Below zero for what is taken back. */
export function countMoney(charge: Units, { from, to, catalog }: { readonly from: AssetId; readonly to: AssetId; readonly catalog: Pick<Catalog, 'creditAssets'> }): Units | null {
  if (from === to) return charge
  const asset = catalog.creditAssets.get(from)
  if (asset === undefined || asset.value === null || asset.currency !== to) return null
  const worth = divideUp((charge < 0n ? -charge : charge) * asset.value, pow10(assetScale(from)))
  return units(charge < 0n ? -worth : worth)
}
