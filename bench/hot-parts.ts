// What benches of the node alone put around it: an authority that has always more to lend, and a catalog of a few prices. The decision is
// measured, not PostgreSQL.

import type { Authority, CatalogDocument } from '@tollgate/core'

export function generousAuthority(): Authority {
  return {
    register: async (node) => ({ node, incarnation: 1, settled: { segment: 0, offset: 0 }, validMs: 3_600_000 }),
    renew: async () => ({ validMs: 3_600_000 }),
    closeEarlier: async () => undefined,
    acquire: async (_identity, request) => request.budgets.map(({ budget }) => ({ budget: budget.id, periodStart: budget.period.start, granted: 2 ** 45, exhausted: false })),
    giveBack: async () => undefined,
    ship: async (_identity, stretch) => stretch.to,
  }
}

/** Prices of input and output, all features granted, everything accrued. */
export function catalogOf(features: readonly string[]): CatalogDocument {
  return {
    currency: 'USD', features: features.map((id) => ({ id, name: id, kind: 'metered' as const })), credit_assets: [], rate_card: [], gateway: { feature: features[0]!, models: [] },
    meters: ['input_tokens', 'output_tokens', 'requests'].map((id) => ({ id, name: id, unit: id, event_type: 'ai.request', aggregation: 'sum', properties: [id], filter: {}, scale: 0 })),
    plans: [{
      id: 'plan', name: 'Plan', public: true, period: 'month', fee: null, entitlements: features.map((feature) => ({ feature, value: null, models: ['*'] })), limits: [],
      prices: [{ id: 'input', name: 'Input', meter: 'input_tokens', model: 'per_unit', amount: '0.015', per: '1000' }, { id: 'output', name: 'Output', meter: 'output_tokens', model: 'per_unit', amount: '0.03', per: '1000' }],
      allowances: [], funding: ['overage'],
    }],
  }
}
