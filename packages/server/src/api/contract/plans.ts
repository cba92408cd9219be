// The plans for everybody: a pricing page, a paywall or an upgrade dialog reads them.

import * as z from 'zod'
import { currency, decimal, locale, nothing, word } from './fields.ts'
import { route } from './route.ts'

const named = { id: word('Id in the catalog.', 'tokens'), name: z.string().meta({ description: 'Shown to people.', examples: ['Included tokens'] }) }

const publicPlan = z
  .strictObject({
    id: word('Plan of the catalog.', 'hybrid'),
    name: z.string().meta({ description: 'Shown to people.', examples: ['Hybrid'] }),
    period: z.string().meta({ description: 'How often the fee is due and allowances start anew.', examples: ['month'] }),
    recurring: z
      .array(z.strictObject({ ...named, amount: decimal('Due once a period.', '49'), text: z.string() }))
      .meta({ description: 'Its fee, and all else that is due for time.' }),
    features: z.array(z.strictObject({ ...named, kind: z.string(), value: z.string().nullable(), models: z.array(z.string()) })),
    allowances: z.array(z.strictObject({ ...named, quantity: decimal('Included in a period.', '500000') })),
    limits: z.array(z.strictObject({ ...named, quantity: decimal('All of a window.', '200'), window: z.string(), enforcement: z.string() })),
    prices: z.array(
      z.strictObject({ ...named, model: z.string().meta({ description: 'How the amount follows from the quantity.', examples: ['per_unit'] }), text: z.string().meta({ description: 'The price in words.', examples: ['0.015 USD per 1000'] }) }),
    ),
    funding: z.array(z.string()).meta({ description: 'Who pays, in this order.', examples: [['allowance', 'overage']] }),
  })
  .meta({ id: 'PublicPlan', description: 'What a plan costs and includes.' })

export const plansRoute = route({
  method: 'GET',
  path: '/v1/plans',
  tag: 'catalog',
  summary: 'List the public plans',
  description: 'Needs no key: it is what a pricing page shows. Plans that are not public are left out.',
  access: 'public',
  params: nothing,
  query: z.strictObject({ locale: locale.optional().meta({ description: 'How prices are said: amounts as this locale writes them, words in its language. As the catalog writes them unless stated.', examples: ['de-AT'] }) }),
  body: null,
  status: 200,
  answer: z.strictObject({ currency, catalog_version: z.int(), plans: z.array(publicPlan) }).meta({ id: 'PublicPlans' }),
  problems: ['invalid_locale'],
})
