// What `explain rate` reads and prints, as shapes: four kinds of input, told apart by the model of the price, and one output.

import * as z from 'zod'
import { choice, decimal, fields, integer, list, looseText, orShorthand, text } from '../app/catalog/fields.ts'
import { readShape, time } from './explain-input.ts'
import { cumulativePrice, eventPrice, recurringPrice, selectedPrice } from '../app/catalog/price-schema.ts'
import { GRANULARITY, periodShape, timeZone } from './explain-time.ts'

const currency = text({ description: 'Currency of the price, ISO 4217, or the id of a credit asset.', example: 'USD' }).default('USD')
const scale = integer({ description: 'Decimal places of quantities, 0 to 9.', example: 0 }).default(0)

export const cumulativeInput = fields(
  'Cumulative rating',
  {
    currency,
    scale,
    price: cumulativePrice,
    before: decimal({ description: 'Billable quantity of the period so far.', example: 900000 }).default('0'),
    usage: z.union([decimal({ description: 'A quantity.' }), list(decimal({ description: 'A quantity.' }), { description: 'Quantities, one event each, in their order.' })]).meta({ description: 'What is rated: one quantity, or one for each event.', examples: [[1200, 300]] }),
  },
  'A price over the quantity of a period.',
)

export const selectedInput = fields(
  'Selected rating',
  {
    currency,
    scale,
    price: selectedPrice,
    before: z.record(z.string(), decimal({ description: 'Quantity so far.' })).meta({ description: 'Billable quantity of the period so far by entry; `otherwise` is the default’s.', examples: [{ large: 5000 }] }).default({}),
    usage: list(
      fields('Usage with dimensions', { quantity: decimal({ description: 'A quantity.', example: 1200 }), dimensions: z.record(z.string(), looseText({ description: 'A value.' })).meta({ description: 'What the price is chosen by.', examples: [{ model: 'gpt-5' }] }).default({}) }, 'A quantity with its dimensions.'),
      { description: 'What is rated, in its order.' },
    ),
  },
  'A price that dimensions choose: matrix, credits.',
)

export const event = orShorthand(
  'amount',
  fields(
    'Event',
    {
      amount: decimal({ description: 'Amount of which a percentage is taken, or that a dynamic price charges.', example: 80 }).nullable().default(null),
      cost: decimal({ description: 'What the provider charged.', example: 0.0123 }).nullable().default(null),
      cost_uncached: decimal({ description: 'What it would have charged without its prompt cache; for a price that keeps the savings.', example: 0.0456 }).nullable().default(null),
      cost_currency: text({ description: 'Currency of the cost; that of the price unless stated.', example: 'EUR' }).nullable().default(null),
      exchange_rate: decimal({ description: 'Worth of one unit of the cost’s currency in the price’s.', example: 1.08 }).nullable().default(null),
      result: text({ description: 'What the run came to.', example: 'succeeded' }).nullable().default(null),
    },
    'What an event tells; the amount alone is enough.',
  ),
)

export const eventInput = fields(
  'Rating by event',
  {
    currency,
    price: eventPrice,
    before: fields('Free units used', { events: integer({ description: 'Events of the period so far.', example: 2 }).default(0), free_amount: decimal({ description: 'Free amount used so far.', example: 150 }).default('0') }, 'What the period used before.').exactOptional(),
    usage: list(event, { description: 'The events, in their order.' }),
  },
  'A price that looks at each event alone: percentage, cost-plus, dynamic, outcome.',
)

export const recurringInput = fields(
  'Recurring rating',
  {
    currency,
    price: recurringPrice,
    period: periodShape,
    granularity: GRANULARITY,
    timezone: timeZone,
    served: fields('Served time', { from: time({ description: 'Beginning; that of the period unless stated.' }).nullable().default(null), until: time({ description: 'End; that of the period unless stated.' }).nullable().default(null) }, 'The part of the period that a flat fee is for.').exactOptional(),
    changes: list(fields('Seat change', { at: time({ description: 'From when on.', example: '2026-04-16T00:00:00Z' }), seats: integer({ description: 'Seats from then on.', example: 8 }) }, 'How many seats there are from a moment on.'), { description: 'For seats: the first change at the beginning of the period.' }).default([]),
  },
  'What is due for time: flat, seats.',
)

/** What may be piped in: one of four shapes, told apart by the price. */
export const rateInput = z.union([cumulativeInput, selectedInput, eventInput, recurringInput]).meta({ title: 'Rate input', description: 'A price and what is rated by it. `price.model` decides which of the four shapes is read.' })
export type RateInput = z.output<typeof rateInput>

const amountText = (description: string) => z.string().meta({ description })
const lineShape = z.object({
  kind: z.string().meta({ description: 'What the line is: `units`, `tier_units`, `tier_flat`, `packages`, `free`, `percentage`, `fixed`, `minimum`, `maximum`, `cost`, `margin`, `given`, `outcome`, `seats`, `flat`, `rounding`.' }),
  tier: z.number().nullable().meta({ description: 'Tier, counted from 1.' }),
  quantity: z.string().nullable().meta({ description: 'What was counted: units, packages, seats, or the amount of which a share was taken.' }),
  unit_amount: z.string().nullable(),
  per: z.string().nullable().meta({ description: 'Units that `unit_amount` is for.' }),
  percent: z.string().nullable().meta({ description: 'Share or margin.' }),
  exchange_rate: z.string().nullable().meta({ description: 'Of a cost in another currency.' }),
  amount: amountText('What the line comes to.'),
}).meta({ title: 'Line' })

export const rateOutput = z.object({
  model: z.string(),
  currency: z.string(),
  opening: amountText('Due before any usage: the first tier’s flat fee. Zero when the period is not at its beginning.'),
  opening_lines: z.array(lineShape),
  charges: z.array(z.object({
    usage: z.string().meta({ description: 'What was rated.' }),
    entry: z.string().nullable().meta({ description: 'The entry that was chosen, for prices by dimension.' }),
    before: z.string().nullable().meta({ description: 'The aggregate that the usage met.' }),
    amount: z.string().nullable().meta({ description: 'The charge; null when it is unpriced.' }),
    bound: z.string().nullable().meta({ description: 'The most that it could have been wherever the aggregate stood: what a request would hold.' }),
    due_at: z.string().nullable(),
    lines: z.array(lineShape),
  }).meta({ title: 'Charge' })),
  total: z.string().nullable().meta({ description: 'Opening and charges; null when anything is unpriced.' }),
  printed: z.string().nullable().meta({ description: 'The total as an invoice prints it.' }),
  rounding: z.string().nullable().meta({ description: 'Printed less exact.' }),
}).meta({ title: 'Rate output', description: 'Charges, each with the lines that sum to it. Amounts are exact decimals.' })
export type RateOutput = z.output<typeof rateOutput>
export type ChargeOutput = RateOutput['charges'][number]

/** The shape that a value claims by its price. */
export function rateShape(value: unknown): z.ZodType<RateInput> {
  const model = readShape(z.object({ price: z.object({ model: choice(ALL_MODELS, { description: 'Model.' }) }) }), value).price.model
  return SHAPES[model]
}

const ALL_MODELS = ['per_unit', 'graduated', 'volume', 'package', 'matrix', 'credits', 'percentage', 'cost_plus', 'dynamic', 'outcome', 'flat', 'seat'] as const
const SHAPES: Readonly<Record<(typeof ALL_MODELS)[number], z.ZodType<RateInput>>> = {
  per_unit: cumulativeInput, graduated: cumulativeInput, volume: cumulativeInput, package: cumulativeInput,
  matrix: selectedInput, credits: selectedInput,
  percentage: eventInput, cost_plus: eventInput, dynamic: eventInput, outcome: eventInput,
  flat: recurringInput, seat: recurringInput,
}
