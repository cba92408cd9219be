// Importing exchange rates, and what of them a catalog needs. A day keeps the rate that it was imported with. The catalog in force
// gets a new version with the same text, so that nodes and settlement go by the same rates and an event says by which.

import { CURRENCIES_MAX, EXCHANGE_RATES_PER_CATALOG_MAX, type CatalogDocument, type Instant, type QuotedRateDocument } from '@tollgate/core'
import { withRetry, type Sql, type Transaction } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { copyWithRates, lockCatalog } from '../../store/catalogs.ts'
import { exchangeRates, insertExchangeRates, type NewQuote } from '../../store/exchange.ts'
import { insertOutbox } from '../../store/settlement.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { announceCatalog } from '../force-catalog.ts'
import { readExchangeRates } from './read-rates.ts'

export type ExchangeImport = { readonly source: string; readonly read: number; readonly added: number; /** Rates that the file says otherwise than they were imported: the first stand. */ readonly differing: readonly NewQuote[]; readonly catalogVersion: number | null }

export async function importExchangeRates(plane: ControlPlane, actor: Actor, input: { readonly content: string; readonly source: string | null }): Promise<ExchangeImport> {
  const file = readExchangeRates(input.content)
  const source = input.source ?? file.source
  const { added, differing, catalog } = await withRetry(plane.sql, async (tx) => {
    await lockCatalog(tx)
    const { added, differing } = await insertExchangeRates(tx, file.rates, source)
    const catalog = added === 0 ? null : await copyWithRates(tx, { at: plane.clock.now(), ratesVersion: null, actor: actor.id, applies: (document) => currenciesOf(document).length > 1 })
    if (added > 0) {
      await insertAudit(tx, { actor: actor.id, action: 'exchange_rates.imported', customer: null, target: `exchange/${source}`, before: null, after: { added, source, catalog_version: catalog } })
      await insertOutbox(tx, [{ customer: null, type: 'exchange_rates.imported', payload: { source, added, catalog_version: catalog } }])
    }
    return { added, differing, catalog }
  })
  if (catalog !== null) await announceCatalog(plane, catalog)
  return { source, read: file.rates.length, added, differing, catalogVersion: catalog }
}

/** How far back a decision may look: late events reach as far as they are accepted, and a rate holds a week. */
const DAYS_KEPT = 60

/** Rates that the currencies of a catalog need, of the last weeks before `appliedAt`; nothing where there is one currency. */
export async function exchangeFor(sql: Sql | Transaction, document: CatalogDocument, appliedAt: Instant): Promise<readonly QuotedRateDocument[]> {
  const currencies = currenciesOf(document)
  if (currencies.length < 2) return []
  const from = new Date(appliedAt - DAYS_KEPT * 86_400_000).toISOString().slice(0, 10)
  return exchangeRates(sql, { currencies, from, knownAt: appliedAt, limit: EXCHANGE_RATES_PER_CATALOG_MAX })
}

/** What is billed in, what prices are in, and what providers are paid in. Shipped rates are in dollars. */
export function currenciesOf(document: CatalogDocument): readonly string[] {
  const prices = document.plans.flatMap((plan) => Object.keys(plan.currencies ?? {}))
  const rates = document.rate_card.map(({ currency }) => currency)
  return [...new Set([document.currency, ...prices, ...rates, 'USD'])].slice(0, CURRENCIES_MAX)
}

export function listExchangeRates(plane: ControlPlane, of: { readonly currencies: readonly string[] | null; readonly from: string; readonly limit: number }): Promise<readonly QuotedRateDocument[]> {
  return exchangeRates(plane.sql, { currencies: of.currencies ?? plane.catalogs.currencies(), from: of.from, knownAt: null, limit: of.limit, isEither: true })
}
