// A catalog with a meter of each aggregation, and events for them: what the tests of metering share.

import type { TestApi } from './api.ts'

const METERS = `
  - { id: gpu_peak, unit: gpu, event_type: job, aggregation: max, properties: [gpus], dimensions: [region] }
  - { id: active_users, unit: user, event_type: job, aggregation: unique_count, properties: [user], dimensions: [region] }
  - { id: storage, unit: GB, event_type: job, aggregation: latest, properties: [stored], scale: 3, dimensions: [region] }
  - { id: storage_hours, unit: GBh, event_type: job, aggregation: weighted_sum, properties: [stored], scale: 3, dimensions: [bucket] }
  - { id: gpu_ms, unit: ms, event_type: job, properties: [gpu_ms], dimensions: [region, bucket] }
  - { id: image_points, unit: point, event_type: job, expression: 'quantity.images * (dimension.size == "large" ? 4 : 1)', scale: 1 }
`

const PLAN = `
  - id: metered
    name: Metered
    entitlements: [chat, agents]
    prices:
      - { id: gpu_peak, meter: gpu_peak, model: graduated, per: 1, tiers: [{ up_to: 4, amount: 2 }, { amount: 1.5 }] }
      - { id: active_users, meter: active_users, model: graduated, per: 1, tiers: [{ up_to: 3, amount: 10 }, { amount: 7 }] }
      - { id: storage, meter: storage, model: per_unit, amount: 0.02 }
      - { id: gpu_ms, meter: gpu_ms, model: graduated, per: 1000, tiers: [{ up_to: 5000, amount: 0.4, flat: 1 }, { up_to: 20000, amount: 0.3 }, { amount: 0.21 }] }
      - { id: image_points, meter: image_points, model: package, amount: 0.9, size: 5 }
      - { id: input_tokens, meter: input_tokens, model: per_unit, amount: 0.015, per: 1000 }
    funding: [overage]
`

const WALLET_PLAN = `
  - id: metered_wallet
    name: Metered, prepaid
    entitlements: [chat, agents]
    prices:
      - { id: wallet_gpu_ms, meter: gpu_ms, model: graduated, per: 1000, tiers: [{ up_to: 5000, amount: 0.4 }, { amount: 0.3 }] }
      - { id: wallet_storage, meter: storage, model: per_unit, amount: 0.02 }
      - { id: wallet_users, meter: active_users, model: per_unit, amount: 0.5 }
    allowances:
      - { id: gpu, name: GPU, meters: [gpu_ms], quantity: 2000 }
      - { id: stored, name: Storage, meters: [storage], quantity: 3 }
    funding: [allowance, wallet, overage]
`

/** The demo catalog with these meters, and the plans `metered` and `metered_wallet`. */
export function meteredCatalog(demo: string): string {
  return demo.replace('\nplans:', `${METERS}\nplans:`).replace('\ncredit_assets:', `${PLAN}${WALLET_PLAN}\ncredit_assets:`)
}

/** Publishes the demo catalog with these meters and the plan `metered` on top. */
export async function publishMeters(api: TestApi): Promise<void> {
  const { source } = (await api.call('GET /v1/catalog')).body
  const body = { source: meteredCatalog(source) }
  const answer = await api.call('PUT /v1/catalog', { body })
  if (answer.status !== 200) throw new Error(`the catalog was refused: ${answer.text}`)
}
