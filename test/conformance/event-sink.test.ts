import { afterAll, beforeAll, describe } from 'vitest'
import { checkSums } from '../../packages/server/src/app/reports.ts'
import { testPlane, type TestPlane } from '../plane.ts'
import { eventSinkContract } from './event-sink.contract.ts'

/** As the demo's prices, without an allowance. */
const CATALOG = `
currency: USD
features: [{ id: chat, name: Chat, kind: metered }]
meters: [{ id: input_tokens, unit: token, event_type: ai.request, properties: [input_tokens] }]
plans:
  - id: metered
    entitlements: [chat]
    prices: [{ id: input_tokens, meter: input_tokens, model: per_unit, amount: 0.015, per: 1000 }]
    funding: [overage]
rate_card: []
gateway: { feature: chat, models: [] }
`

let world: TestPlane
beforeAll(async () => { world = await testPlane({ catalog: CATALOG }) })
afterAll(() => world.close())

describe('the settlement queue on PostgreSQL', () => eventSinkContract('postgres', {
  sink: () => world.plane.queue,
  customer: () => world.customer({ plan: 'metered' }),
  charged: async (customer) => {
    const { sums, differences } = await checkSums(world.plane, customer)
    if (differences.length > 0) throw new Error(differences.join('; '))
    return sums.eventCharges
  },
}))
