// How the operator bills, and who gets a customer's invoices. Without settings nothing gets a number: invoices stay drafts, because an
// invoice needs somebody who issues it.

import { parsePercent, type Party } from '@tollgate/core'
import { withRetry, type Sql, type Transaction } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { listTaxRates, readProfiles, readSettings, writeSettings, writeTaxRate, type TaxRateRow } from '../../store/billing.ts'
import { askAnew } from '../../store/taxes.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'

export type BillingSettings = {
  readonly seller: Party
  /** Numbers are this and six digits, without gaps. */
  readonly series: string
  readonly noteSeries: string
  readonly paymentDays: number
  /** How long after a period ends its late usage still belongs to its invoice. */
  readonly latenessHours: number
  /** Give numbers without being asked; otherwise a person finalizes each draft. */
  readonly autoFinalize: boolean
  /** Printed under every invoice. */
  readonly notes: readonly string[]
}

export type BillingProfile = {
  readonly party: Party | null
  readonly tax:
    | { readonly kind: 'rates'; readonly rates: readonly string[]; readonly inclusive: boolean }
    | { readonly kind: 'exempt'; readonly reason: string }
    | { readonly kind: 'reverse_charge' }
    /** The tax service says it; whether prices hold the tax it does not. */
    | { readonly kind: 'service'; readonly inclusive: boolean }
  /** Null: those of the settings. */
  readonly paymentDays: number | null
  /** Unbilled usage of a period that makes an invoice before it ends, decimal text in the customer's currency; null for none. */
  readonly progressiveAt: string | null
}

export const NO_PROFILE: BillingProfile = { party: null, tax: { kind: 'rates', rates: [], inclusive: false }, paymentDays: null, progressiveAt: null }
export const LATENESS_HOURS = 24

/** Profiles of customers; one that has none has {@link NO_PROFILE}. */
export async function profilesOf(sql: Sql | Transaction, customers: readonly string[]): Promise<(customer: string) => BillingProfile> {
  const rows = await readProfiles(sql, customers)
  return (customer) => (rows.get(customer) as BillingProfile | undefined) ?? NO_PROFILE
}

export async function billingSettings(plane: Pick<ControlPlane, 'sql'>): Promise<BillingSettings | null> {
  return (await readSettings(plane.sql)) as BillingSettings | null
}

export async function setBillingSettings(plane: ControlPlane, actor: Actor, settings: BillingSettings): Promise<void> {
  await withRetry(plane.sql, async (tx) => {
    const before = await readSettings(tx)
    await writeSettings(tx, settings)
    // Who sells is a part of what the tax service was asked.
    await askAnew(tx, null, plane.clock.now())
    await insertAudit(tx, { actor: actor.id, action: 'billing_settings.set', customer: null, target: 'billing_settings', before, after: settings })
  })
}

export async function setTaxRate(plane: ControlPlane, actor: Actor, rate: TaxRateRow): Promise<void> {
  parsePercent(rate.percent, 'percent')
  await withRetry(plane.sql, async (tx) => {
    const before = (await listTaxRates(tx)).find(({ id }) => id === rate.id) ?? null
    await writeTaxRate(tx, rate)
    await insertAudit(tx, { actor: actor.id, action: 'tax_rate.set', customer: null, target: rate.id, before, after: rate })
  })
}

export async function taxRates(plane: ControlPlane): Promise<TaxRateRow[]> {
  return listTaxRates(plane.sql)
}
