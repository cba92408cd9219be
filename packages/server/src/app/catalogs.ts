// Compiled catalogs by version, and which one is in force. Versions are immutable, so a compiled one is kept for ever;
// the one in force is re-read when somebody published, and one that is scheduled takes over at its instant by the clock. What decisions and costs read is the document as it was written with the rates
// that it does not name itself: the imported ones of its version, and those that the program ships.

import { assert, CATALOG_HISTORY_MAX, InputError, type Catalog, type CatalogDocument, type Clock, type Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'
import { compileCatalog } from '../platform/meter-expression.ts'
import { catalogAt, catalogsInForce, catalogVersion, scheduledCatalog, type InForce } from '../store/catalogs.ts'
import { importedRates } from '../store/rate-cards.ts'
import { currenciesOf, exchangeFor } from './exchange/import-exchange.ts'
import { withRates } from './rates/effective-rates.ts'

export type Catalogs = {
  /** The catalog in force. */
  readonly current: () => Catalog
  /** `sql`: inside a transaction its own, which must not wait for another connection of its pool. */
  readonly version: (version: number, sql?: Sql | Transaction) => Promise<Catalog>
  /** As decisions read it, all rates included. */
  readonly document: (version: number) => Promise<CatalogDocument>
  /** Currencies that the catalog in force needs. */
  readonly currencies: () => readonly string[]
  /** The version that was in force at an instant: what is told late is priced as it was then. That in force now for what was before the first. */
  readonly versionAt: (at: Instant) => number
  /** When another version takes force; null where none is scheduled. */
  readonly changesAt: () => Instant | null
  readonly coming: () => Catalog | null
  /** Reads what is in force now, and what will be; called at the start and after a publication. */
  readonly refresh: () => Promise<Catalog>
}

export function createCatalogs(sql: Sql, clock: Clock): Catalogs {
  const compiled = new Map<number, Catalog>()
  const documents = new Map<number, CatalogDocument>()
  let inForce: Catalog | null = null
  /** Versions that have been in force, the newest first. */
  let history: readonly InForce[] = []
  let scheduled: { readonly catalog: Catalog; readonly at: Instant } | null = null

  async function document(version: number, reader: Sql | Transaction = sql): Promise<CatalogDocument> {
    const known = documents.get(version) ?? (await read(reader, version))
    if (known === null) throw new InputError({ code: 'unknown_catalog_version', field: 'version', message: `there is no catalog version ${version}` })
    documents.set(version, known)
    return known
  }

  async function read(reader: Sql | Transaction, version: number): Promise<CatalogDocument | null> {
    const row = await catalogVersion(reader, version)
    if (row === null) return null
    const imported = row.ratesVersion === 0 ? [] : await importedRates(reader, row.ratesVersion)
    assert(imported !== null, `catalog version ${version} is used with imported rates that are not there`)
    return { ...withRates(row.document, imported), exchange_rates: await exchangeFor(reader, row.document, row.appliedAt), ...(row.keptPlans.length === 0 ? {} : { kept_plans: row.keptPlans }) }
  }

  async function version(wanted: number, reader?: Sql | Transaction): Promise<Catalog> {
    if (wanted === 0) return compileCatalog(EMPTY_CATALOG, 0)
    const known = compiled.get(wanted) ?? compileCatalog(await document(wanted, reader), wanted)
    compiled.set(wanted, known)
    return known
  }

  function current(): Catalog {
    if (scheduled !== null && clock.now() >= scheduled.at) {
      history = [{ version: scheduled.catalog.version, from: scheduled.at }, ...history]
      ;[inForce, scheduled] = [scheduled.catalog, null]
    }
    assert(inForce !== null, 'no catalog is loaded: refresh() comes first')
    return inForce
  }

  return {
    document: (wanted) => document(wanted),
    version,
    current,
    versionAt: (at) => history.find(({ from }) => from <= at)?.version ?? current().version,
    changesAt: () => scheduled?.at ?? null,
    coming: () => scheduled?.catalog ?? null,
    currencies: () => {
      const { version: wanted } = current()
      return wanted === 0 ? ['USD'] : currenciesOf(documents.get(wanted)!)
    },
    refresh: async () => {
      const now = clock.now()
      const [latest, next, earlier] = [await catalogAt(sql, now), await scheduledCatalog(sql, now), await catalogsInForce(sql, { at: now, limit: CATALOG_HISTORY_MAX })]
      const [catalog, coming] = [latest === null ? compileCatalog(EMPTY_CATALOG, 0) : await version(latest.version), next === null ? null : await version(next.version)]
      inForce = catalog
      history = earlier
      scheduled = next === null || coming === null ? null : { catalog: coming, at: next.inForceFrom }
      return current()
    },
  }
}

/** In force until the first publication: nobody may do anything. */
export const EMPTY_CATALOG: CatalogDocument = {
  currency: 'USD', features: [], meters: [], plans: [], credit_assets: [], rate_card: [], gateway: { feature: '', models: [] },
}
