// Who gets a customer's invoices, and which tax they have: read and set. What a tax service says of it is asked at once, so that the first invoice need
// not wait for a job.

import { formatUnits, InputError, parseUnits } from '@tollgate/core'
import { withRetry } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { listTaxRates, readProfiles, writeProfile } from '../../store/billing.ts'
import { askAnew } from '../../store/taxes.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { contextOf, getCustomer } from '../customers.ts'
import { profilesOf, type BillingProfile } from './settings.ts'
import { determineTax } from './taxes.ts'

export async function billingProfile(plane: ControlPlane, customer: string): Promise<BillingProfile> {
  await getCustomer(plane, customer)
  return (await profilesOf(plane.sql, [customer]))(customer)
}

export async function setBillingProfile(plane: ControlPlane, actor: Actor, customer: string, profile: BillingProfile): Promise<BillingProfile> {
  const { currency } = (await contextOf(plane, customer)).plan
  const progressiveAt = profile.progressiveAt === null ? null : formatUnits(parseUnits(profile.progressiveAt, currency, 'progressive_at'), currency)
  if (profile.tax.kind === 'rates') {
    const known = new Set((await listTaxRates(plane.sql)).map(({ id }) => id))
    const missing = profile.tax.rates.find((id) => !known.has(id))
    if (missing !== undefined) throw new InputError({ code: 'unknown_tax_rate', field: 'tax.rates', message: `there is no tax rate ${missing}; there are ${[...known].join(', ') || 'none: PUT /v1/tax-rates/{id} first'}` })
  }
  if (profile.tax.kind === 'service' && plane.taxService === null) throw new InputError({ code: 'invalid_value', field: 'tax.kind', message: 'no tax service is set: start with TOLLGATE_TAX_URL and TOLLGATE_TAX_SECRET' })
  if (profile.tax.kind === 'reverse_charge' && (profile.party?.taxId ?? null) === null) throw new InputError({ code: 'required', field: 'tax_id', message: 'reverse charge needs the customer’s own tax id on the invoice' })
  const kept = { ...profile, progressiveAt }
  await withRetry(plane.sql, async (tx) => {
    const before = (await readProfiles(tx, [customer])).get(customer) ?? null
    await writeProfile(tx, customer, kept)
    await askAnew(tx, customer, plane.clock.now())
    await insertAudit(tx, { actor: actor.id, action: 'billing_profile.set', customer, target: customer, before, after: kept })
  })
  if (kept.tax.kind === 'service') await determineTax(plane, customer)
  return kept
}
