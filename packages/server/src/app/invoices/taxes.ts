// Which tax a customer's invoices and purchases have: its profile's rates, or what a tax service said. A job asks the service ahead and again before
// its answer ends; what is written reads what was said. Where nothing is known that holds, nothing is written: the invoice waits, somebody is told,
// and no rate is ever guessed.

import { createHash } from 'node:crypto'
import { DAY_MS, formatPercent, instant, MINUTE_MS, parsePercent, TAX_ANSWER_DAYS_MAX, type Instant, type TaxTreatment } from '@tollgate/core'
import type { Sql, Transaction } from '../../platform/postgres.ts'
import { listTaxRates, readSettings, type TaxRateRow } from '../../store/billing.ts'
import { insertOutbox } from '../../store/settlement.ts'
import { dueDeterminations, noteTaxFailure, readDeterminations, writeDetermination, type DeterminationRow } from '../../store/taxes.ts'
import type { ControlPlane } from '../control-plane.ts'
import { contextOf } from '../customers.ts'
import { Problem } from '../problems.ts'
import { profilesOf, type BillingProfile, type BillingSettings } from './settings.ts'
import type { TaxAnswer, TaxQuestion } from './tax-port.ts'

/** Who is asked about. */
export type Taxed = { readonly id: string; readonly name: string; readonly currency: string }

export type Taxes = {
  readonly profileOf: (customer: string) => BillingProfile
  /** @throws {Problem} tax_undetermined */
  readonly treatmentOf: (of: Taxed) => TaxTreatment
}

/** Everything that says which tax these customers have, `at` an instant. */
export async function loadTaxes(sql: Sql | Transaction, customers: readonly string[], at: Instant): Promise<Taxes> {
  const [settings, rates, profileOf] = await Promise.all([readSettings(sql), listTaxRates(sql), profilesOf(sql, customers)])
  const asked = customers.filter((customer) => profileOf(customer).tax.kind === 'service')
  const said = new Map((asked.length === 0 ? [] : await readDeterminations(sql, asked)).map((row) => [row.customer, row]))
  return {
    profileOf,
    treatmentOf: (of) => {
      const profile = profileOf(of.id)
      if (profile.tax.kind !== 'service') return treatmentOf(profile.tax, rates)
      return saidOf(said.get(of.id), profile.tax.inclusive, { hash: hashOf(questionOf(of, profile, settings as BillingSettings | null)), at, customer: of.id })
    },
  }
}

/** A profile's rates as they are now; an invoice keeps the percentages that it was written with. */
function treatmentOf(tax: Exclude<BillingProfile['tax'], { readonly kind: 'service' }>, rates: readonly TaxRateRow[]): TaxTreatment {
  if (tax.kind !== 'rates') return tax
  const chosen = tax.rates.flatMap((id) => rates.filter((rate) => rate.id === id))
  return { kind: 'rates', inclusive: tax.inclusive, rates: chosen.map(({ id, name, percent }) => ({ id, name, percent: parsePercent(percent, 'percent') })) }
}

type StoredTreatment = { readonly kind: 'rates'; readonly rates: readonly { readonly id: string; readonly name: string; readonly percent: string }[] } | Exclude<TaxTreatment, { readonly kind: 'rates' }>

function saidOf(row: DeterminationRow | undefined, inclusive: boolean, { hash, at, customer }: { readonly hash: Buffer; readonly at: Instant; readonly customer: string }): TaxTreatment {
  if (row === undefined || row.treatment === null || row.validUntil === null || row.validUntil <= at || hash.compare(row.questionHash) !== 0) {
    throw new Problem('tax_undetermined', `the tax service has not said which tax customer ${customer} has${row?.failure ? `: ${row.failure}` : ''}`, 'tax')
  }
  const treatment = row.treatment as StoredTreatment
  if (treatment.kind !== 'rates') return treatment
  return { kind: 'rates', inclusive, rates: treatment.rates.map(({ id, name, percent }) => ({ id, name, percent: parsePercent(percent, 'percent') })) }
}

function questionOf({ id, name, currency }: Taxed, { party }: BillingProfile, settings: BillingSettings | null): TaxQuestion {
  const of = (from: NonNullable<BillingProfile['party']>) => ({ name: from.name, address: from.address, country: from.country, taxId: from.taxId })
  return { customer: { id, ...of(party ?? { name, address: [], country: null, taxId: null, email: null }) }, seller: settings === null ? null : of(settings.seller), currency }
}

function hashOf(question: TaxQuestion): Buffer {
  return createHash('sha256').update(JSON.stringify(question)).digest()
}

/** Asked in one turn of the job: some seconds of a service that answers in a tenth of one. */
const ASKED_PER_TURN = 100
/** How long an answer holds that does not say. */
const VALID_MS = DAY_MS
/** It is asked again when so much of its time is over, so that an hour without a service keeps no invoice waiting. */
const RENEWED_AT = 0.5
const PAUSE_MS = MINUTE_MS
const PAUSE_MS_MAX = 60 * MINUTE_MS

/** The job. Returns how many were answered. */
export async function determineTaxes(plane: ControlPlane): Promise<number> {
  if (plane.taxService === null) return 0
  let answered = 0
  for (const customer of await dueDeterminations(plane.sql, { now: plane.clock.now(), limit: ASKED_PER_TURN })) answered += await determineTax(plane, customer) ? 1 : 0
  return answered
}

/** Asks about one customer now. False where there was no answer: that is noted, and told once. */
export async function determineTax(plane: ControlPlane, customer: string): Promise<boolean> {
  const { taxService, sql } = plane
  const [settings, profileOf, taxed] = [(await readSettings(sql)) as BillingSettings | null, await profilesOf(sql, [customer]), await taxedOf(plane, customer)]
  if (taxService === null || taxed === null || profileOf(customer).tax.kind !== 'service') return false
  const question = questionOf(taxed, profileOf(customer), settings)
  const hash = hashOf(question)
  const day = new Date(plane.clock.now()).toISOString().slice(0, 10)
  const [known] = await readDeterminations(sql, [customer])
  try {
    const answer = await taxService.determine({ id: `tax_${hash.toString('hex').slice(0, 32)}_${day}`, day, question })
    const now = plane.clock.now()
    const validUntil = instant(Math.min(answer.validUntil ?? now + VALID_MS, now + TAX_ANSWER_DAYS_MAX * DAY_MS))
    await writeDetermination(sql, { customer, questionHash: hash, treatment: storable(answer.treatment), reference: answer.reference, at: now, validUntil, nextAskAt: instant(now + Math.max(PAUSE_MS, (validUntil - now) * RENEWED_AT)) })
    return true
  } catch (error) {
    const now = plane.clock.now()
    const failures = (known?.failures ?? 0) + 1
    const failure = (error as Error).message.slice(0, FAILURE_LENGTH_MAX)
    plane.log.error({ err: error, customer, failures }, 'the tax service did not say which tax a customer has')
    await sql.begin(async (tx) => {
      await noteTaxFailure(tx, { customer, questionHash: hash, failure, nextAskAt: instant(now + Math.min(PAUSE_MS_MAX, PAUSE_MS * 2 ** Math.min(failures - 1, 10))) })
      const holdsUntil = known?.validUntil ?? null
      if (failures === 1) await insertOutbox(tx, [{ customer, type: 'tax.undetermined', payload: { reason: failure, valid_until: holdsUntil === null || holdsUntil <= now ? null : new Date(holdsUntil).toISOString() } }])
    })
    return false
  }
}

const FAILURE_LENGTH_MAX = 300

async function taxedOf(plane: ControlPlane, customer: string): Promise<Taxed | null> {
  const { facts, plan } = await contextOf(plane, customer)
  return { id: customer, name: facts.name, currency: plan.currency }
}

function storable(treatment: TaxAnswer['treatment']): StoredTreatment {
  return treatment.kind === 'rates' ? { kind: 'rates', rates: treatment.rates.map(({ id, name, percent }) => ({ id, name, percent: formatPercent(percent) })) } : treatment
}
