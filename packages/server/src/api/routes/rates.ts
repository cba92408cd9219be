// The rate card: listed, matched, planned, imported.

import { formatDecimal, type LayeredRate } from '@tollgate/core'
import type { RateChange } from '../../app/rates/diff-rates.ts'
import { applyImport, planImport, type ImportPlan, type ImportRequest } from '../../app/rates/import-rates.ts'
import { entriesAt, showModel, unpricedModels, wholeCard } from '../../app/rates/list-rates.ts'
import type { rateRoutes } from '../contract/rates.ts'
import { timeOf } from '../contract/fields.ts'
import type { Handlers } from '../handler.ts'

export const rateHandlers: Handlers<keyof typeof rateRoutes> = {
  listRates: async ({ plane, query }) => {
    const card = await wholeCard(plane)
    const entries = entriesAt(card, query.at ?? plane.clock.now()).filter(({ rate }) => (query.provider === undefined || rate.provider === query.provider) && (query.model === undefined || rate.model.includes(query.model)))
    return { catalog_version: card.catalogVersion, imported_version: card.importedVersion, data: entries.map(entryOf) }
  },
  matchRate: async ({ plane, query }) => {
    const shown = await showModel(plane, { model: query.model, provider: query.provider ?? null, at: query.at ?? plane.clock.now() })
    return {
      catalog_version: shown.card.catalogVersion, imported_version: shown.card.importedVersion,
      matched_by: shown.match?.by ?? null, matched: shown.match?.name ?? null,
      rate: shown.inForce === null ? null : entryOf(shown.inForce), entries: shown.entries.map(entryOf),
    }
  },
  listUnpriced: async ({ plane }) => {
    const rows = await unpricedModels(plane)
    return { data: rows.map(({ model, firstAt, lastAt, events }) => ({ model, first_at: timeOf(firstAt), last_at: timeOf(lastAt), events: Number(events) })) }
  },
  planRates: async ({ plane, body }) => {
    const plan = await planImport(plane, requestOf(body))
    return { ...planOf(plan), changes: plan.changes.map(changeOf) }
  },
  importRates: async ({ plane, caller, body }) => {
    const outcome = await applyImport(plane, caller.actor, { ...requestOf(body), confirmAbove: body.confirm_above, isConfirmed: body.confirmed, baseVersion: body.base_version ?? null })
    return { ...planOf(outcome.plan), version: outcome.version, applied: outcome.applied.map(changeOf), held: outcome.held.map(changeOf) }
  },
}

function requestOf(body: { readonly lists: ImportRequest['lists']; readonly providers?: readonly string[] | undefined; readonly prefer?: string | undefined; readonly from?: string | undefined }): ImportRequest {
  return { lists: body.lists, providers: body.providers === undefined ? null : body.providers.includes('*') ? 'all' : body.providers, prefer: body.prefer ?? null, from: body.from ?? null }
}

function planOf(plan: ImportPlan) {
  return { base_version: plan.baseVersion, from: plan.from, lists: plan.lists.map((list) => ({ ...list, skipped: { ...list.skipped } })), same: plan.same, passed_over: plan.passedOver }
}

function changeOf(change: RateChange) {
  return {
    action: change.action, provider: change.provider, model: change.model, source: change.source, percent: change.perMille === null ? null : formatDecimal(change.perMille, 1),
    prices: change.prices.map((price) => ({ ...price })), sources: change.sources.map(({ source, perMillion }) => ({ source, per_million: { ...perMillion } })),
    overridden: change.isOverridden, assumed: [...change.assumed],
  }
}

function entryOf({ layer, rate }: LayeredRate) {
  return {
    provider: rate.provider, model: rate.model, layer, from: rate.from, currency: rate.currency, per_million: { ...rate.per_million }, per_unit: { ...rate.per_unit },
    variants: (rate.variants ?? []).map((variant) => ({ ...variant })), aliases: [...rate.aliases], patterns: [...(rate.patterns ?? [])],
    context_window: rate.context_window, output_max: rate.output_max, source: rate.source ?? null,
  }
}
