// How the operator bills, and who gets a customer's invoices. Without settings nothing gets a number: invoices stay drafts, because an
// invoice needs somebody who issues it.

import { formatUnits, InputError, parsePercent, parseUnits, type Party, type TaxTreatment } from '@tollgate/core'
import { withRetry } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { listTaxRates, readProfiles, readSettings, writeProfile, writeSettings, writeTaxRate, type TaxRateRow } from '../../store/billing.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { contextOf, getCustomer } from '../customers.ts'

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
  /** Null: those of the settings. */
  readonly paymentDays: number | null
  /** Unbilled usage of a period that makes an invoice before it ends, decimal text in the customer's currency; null for none. */
  readonly progressiveAt: string | null
}

export const NO_PROFILE: BillingProfile = { party: null, tax: { kind: 'rates', rates: [], inclusive: false }, paymentDays: null, progressiveAt: null }
export const LATENESS_HOURS = 24

export async function billingSettings(plane: Pick<ControlPlane, 'sql'>): Promise<BillingSettings | null> {
  return (await readSettings(plane.sql)) as BillingSettings | null
}

export async function setBillingSettings(plane: ControlPlane, actor: Actor, settings: BillingSettings): Promise<void> {
  await withRetry(plane.sql, async (tx) => {
    const before = await readSettings(tx)
    await writeSettings(tx, settings)
    await insertAudit(tx, { actor: actor.id, action: 'billing_settings.set', customer: null, target: 'billing_settings', before, after: settings })
  })
}

export async function billingProfile(plane: ControlPlane, customer: string): Promise<BillingProfile> {
  await getCustomer(plane, customer)
  return ((await readProfiles(plane.sql, [customer])).get(customer) as BillingProfile | undefined) ?? NO_PROFILE
}

export async function setBillingProfile(plane: ControlPlane, actor: Actor, customer: string, profile: BillingProfile): Promise<BillingProfile> {
  const { currency } = (await contextOf(plane, customer)).plan
  const progressiveAt = profile.progressiveAt === null ? null : formatUnits(parseUnits(profile.progressiveAt, currency, 'progressive_at'), currency)
  if (profile.tax.kind === 'rates') {
    const known = new Set((await listTaxRates(plane.sql)).map(({ id }) => id))
    const missing = profile.tax.rates.find((id) => !known.has(id))
    if (missing !== undefined) throw new InputError({ code: 'unknown_tax_rate', field: 'tax.rates', message: `there is no tax rate ${missing}; there are ${[...known].join(', ') || 'none: PUT /v1/tax-rates/{id} first'}` })
  }
  if (profile.tax.kind === 'reverse_charge' && (profile.party?.taxId ?? null) === null) throw new InputError({ code: 'required', field: 'tax_id', message: 'reverse charge needs the customer’s own tax id on the invoice' })
  const kept = { ...profile, progressiveAt }
  await withRetry(plane.sql, async (tx) => {
    const before = (await readProfiles(tx, [customer])).get(customer) ?? null
    await writeProfile(tx, customer, kept)
    await insertAudit(tx, { actor: actor.id, action: 'billing_profile.set', customer, target: customer, before, after: kept })
  })
  return kept
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

/** A profile's treatment with the rates as they are now; an invoice keeps the percentages that it was written with. */
export function treatmentOf(profile: BillingProfile, rates: readonly TaxRateRow[]): TaxTreatment {
  if (profile.tax.kind !== 'rates') return profile.tax
  const chosen = profile.tax.rates.flatMap((id) => rates.filter((rate) => rate.id === id))
  return { kind: 'rates', inclusive: profile.tax.inclusive, rates: chosen.map(({ id, name, percent }) => ({ id, name, percent: parsePercent(percent, 'percent') })) }
}
