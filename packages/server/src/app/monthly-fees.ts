// What running agreements ask for time, a month, as the overview shows it: plan, seats and add-ons of each, a year's by its twelfth, in the currency of the
// catalog. Customers that agreed the same are one row, by the plan as it is now; those with a contract are looked at one by one. A trial asks for nothing.

import { convert, divideRounded, exchangeAt, formatUnits, planOf, recurringTotal, units, type AddOnQuantity, type AssetId, type Catalog, type Instant, type Plan } from '@tollgate/core'
import { customerVersions } from '../store/customers.ts'
import { runningAgreements, type AgreementRow } from '../store/insight.ts'
import type { ControlPlane } from './control-plane.ts'

/** Looked at one by one; of what is beyond, the plan says it. */
const OWN_MAX = 5_000
/** Pages ask every few seconds, and a hundred thousand agreements are some tenths of a second of the database. */
const KEPT_MS = 60_000
const MONTHS_OF_A_YEAR = 12n

const kept = new WeakMap<ControlPlane, { readonly at: Instant; readonly fees: string }>()

export async function monthlyFees(plane: ControlPlane): Promise<string> {
  const now = plane.clock.now()
  const known = kept.get(plane)
  if (known !== undefined && now >= known.at && now < known.at + KEPT_MS) return known.fees
  const catalog = plane.catalogs.current()
  const rows = await runningAgreements(plane.sql, now)
  const own = await ownPlans(plane, rows.flatMap(({ customer }) => (customer === null ? [] : [customer])).slice(0, OWN_MAX), now)
  let sum = 0n
  for (const row of rows) {
    const plan = (row.customer === null ? undefined : own.get(row.customer)) ?? planOf(catalog, { plan: row.plan, ...(row.currency === null ? {} : { money: row.currency }) })
    if (plan !== undefined) sum += monthOf(plan, row, { catalog, now }) * row.customers
  }
  const fees = formatUnits(units(sum), catalog.currency)
  kept.set(plane, { at: now, fees })
  return fees
}

/** In the currency of the catalog; nothing where no rate leads there. */
function monthOf(plan: Plan, { seats, addOns }: AgreementRow, { catalog, now }: { readonly catalog: Catalog; readonly now: Instant }): bigint {
  const total = recurringTotal({ plan, seats, addOns: heldOf(catalog, addOns) })
  const month = plan.period === 'year' ? units(divideRounded(total, MONTHS_OF_A_YEAR)) : total
  const exchange = exchangeAt(catalog.exchange, { from: plan.currency as AssetId, to: catalog.currency, at: now })
  return exchange === null ? 0n : convert({ asset: plan.currency, units: month }, exchange).units
}

function heldOf(catalog: Catalog, addOns: readonly AddOnQuantity[]) {
  return addOns.flatMap(({ id, quantity }) => (catalog.addOns.has(id) ? [{ addOn: catalog.addOns.get(id)!, quantity }] : []))
}

/** As their contracts have them. */
async function ownPlans(plane: ControlPlane, customers: readonly string[], now: Instant): Promise<Map<string, Plan>> {
  if (customers.length === 0) return new Map()
  const facts = await plane.contexts.facts(plane.sql, await customerVersions(plane.sql, customers))
  return new Map([...facts].map(([id, of]) => [id, plane.contexts.at(of, now).plan]))
}
