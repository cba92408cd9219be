// Exchange rates.

import { importExchangeRates, listExchangeRates } from '../../app/exchange/import-exchange.ts'
import type { exchangeRoutes } from '../contract/exchange.ts'
import type { Handlers } from '../handler.ts'

const DAYS_SHOWN_MS = 60 * 86_400_000

export const exchangeHandlers: Handlers<keyof typeof exchangeRoutes> = {
  listExchangeRates: async ({ plane, query }) => {
    const from = query.from ?? new Date(plane.clock.now() - DAYS_SHOWN_MS).toISOString().slice(0, 10)
    const rates = await listExchangeRates(plane, { currencies: query.currency === undefined ? null : [query.currency], from, limit: query.limit })
    return { data: rates.map((rate) => ({ ...rate })) }
  },
  importExchangeRates: async ({ plane, caller, body }) => {
    const { catalogVersion, differing, ...outcome } = await importExchangeRates(plane, caller.actor, { content: body.content, source: body.source ?? null })
    return { ...outcome, differing: differing.map((row) => ({ ...row })), catalog_version: catalogVersion }
  },
}
