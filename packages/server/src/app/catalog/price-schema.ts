// The shape of prices, in a catalog file and in what `tollgate explain rate` reads: each model with its fields, and in a plan the
// identity of a price beside them. Shapes only; what they mean is in core/rating, whether they fit is for `validateCatalog`.

import type { PriceModelDocument } from '@tollgate/core'
import * as z from 'zod'
import { choice, decimal, fields, integer, list, looseText, text } from './fields.ts'

const word = <const Word extends string>(name: Word, description: string) => z.literal(name).meta({ description, examples: [name] })
const optionalAmount = (description: string, example: number) => decimal({ description, example }).nullable().default(null)

const tier = fields(
  'Tier',
  {
    up_to: decimal({ description: 'Last unit of the tier, inclusive. Left out (or null) in the last tier, which has no end.', example: 1000000 }).nullable().default(null),
    amount: decimal({ description: 'Price of `per` units in this tier.', example: 0.015 }),
    flat: decimal({ description: 'Fee that is due once the tier is reached; that of the first tier is due without usage too.', example: 5 }).default('0'),
  },
  'Units above the tier before, up to and including `up_to`.',
)

const model = <const Model extends PriceModelDocument['model']>(name: Model, description: string) => word(name, description)
const per = decimal({ description: 'Number of units that an amount is for.', example: 1000 }).default('1')
const tiers = list(tier, { description: 'In rising order; the last one without `up_to`.' })

const CUMULATIVE = {
  per_unit: {
    model: model('per_unit', 'Each unit costs the same.'),
    amount: decimal({ description: 'Price of `per` units, in what the plan is priced in.', example: 0.015 }),
    per,
  },
  graduated: { model: model('graduated', 'Each unit at the price of its tier.'), per, tiers },
  volume: { model: model('volume', 'All units at the price of the tier that holds the total.'), per, tiers },
  package: {
    model: model('package', 'Whole packages.'),
    amount: decimal({ description: 'Price of one package.', example: 20 }),
    size: decimal({ description: 'Units in a package; one that is begun is paid in full.', example: 1000000 }),
  },
}

export const cumulativePrice = z.discriminatedUnion('model', [
  fields('Price per unit', CUMULATIVE.per_unit, 'Each unit costs the same: quantity × amount / per.'),
  fields('Graduated price', CUMULATIVE.graduated, 'Each unit at the price of the tier that it falls into.'),
  fields('Volume price', CUMULATIVE.volume, 'All units at the price of the tier that holds the total.'),
  fields('Package price', CUMULATIVE.package, 'Whole packages of `size` units.'),
])

/** One value, or a list of values any of which will do. */
const accepted = z
  .preprocess((value) => (typeof value === 'string' ? [value] : value), list(looseText({ description: 'An accepted value.' }), { description: 'Accepted values; one may stand alone.' }))
  .meta({ description: 'Accepted values; one may stand alone.', alone: true })

const when = z
  .record(z.string(), accepted)
  .meta({ description: 'Accepted values by dimension; all must fit. `feature` is a dimension too. What asks for more dimensions wins.', examples: [{ model: ['gpt-5'] }] })

const entryId = text({ description: 'Names the aggregate of the entry: usage keeps its place in its tiers by it. Left out, it is made from the accepted values.', example: 'large' }).optional()

const matrixEntry = fields(
  'Matrix entry',
  {
    id: entryId,
    when,
    price: cumulativePrice.optional().meta({ description: 'The price of such usage. A price per unit needs none: `amount` and `per` are enough.' }),
    amount: decimal({ description: 'Price of `per` units, for an entry that has a price per unit.', example: 0.03 }).optional(),
    per: decimal({ description: 'Number of units that `amount` is for.', example: 1000 }).optional(),
  },
  'A price for usage with these dimensions.',
).transform((entry, ctx) => {
  const { price, amount, per: count, ...rest } = entry
  if ((price === undefined) === (amount === undefined)) {
    ctx.addIssue({ code: 'custom', path: ['price'], message: 'an entry has either a price or an amount', params: { code: 'invalid_decimal' } })
    return z.NEVER
  }
  return { ...withId(rest), price: price ?? { model: 'per_unit' as const, amount: amount!, per: count ?? '1' } }
})

const multiplier = fields('Multiplier', { id: entryId, when, credits: decimal({ description: 'Credits for `per` units.', example: 12.5 }) }, 'Credits for usage with these dimensions.').transform(withId)

const MATRIX = {
  model: word('matrix', 'Chosen by dimensions.'),
  entries: list(matrixEntry, { description: 'The choices. Of those that fit the one with the most conditions holds.' }),
  otherwise: cumulativePrice.nullable().default(null).meta({ description: 'Price of what no entry fits; without one it is unpriced.' }),
}
const CREDITS = {
  model: word('credits', 'Credits by a multiplier matrix.'),
  per: decimal({ description: 'Units that a multiplier is for.', example: 1000 }).default('1'),
  entries: list(multiplier, { description: 'The multipliers.' }).default([]),
  otherwise: optionalAmount('Credits for `per` units of what no entry fits; without them it is unpriced.', 1),
}
const PERCENTAGE = {
  model: word('percentage', 'A share of the event’s amount.'),
  percent: decimal({ description: 'Percent of the amount.', example: 2.9 }),
  fixed: decimal({ description: 'On top, for each event that is charged.', example: 0.3 }).default('0'),
  free_events: integer({ description: 'First events of a period that are free, as long as `free_amount`, where given, lasts.', example: 10 }).nullable().default(null),
  free_amount: optionalAmount('First amount of a period that is free.', 500),
  minimum: optionalAmount('Least that a charged event costs.', 0.5),
  maximum: optionalAmount('Most that an event costs.', 20),
}
const COST_PLUS = {
  model: word('cost_plus', 'Provider cost and a margin.'),
  margin_percent: decimal({ description: 'Percent on top of the cost.', example: 45 }),
  cache_savings: choice(['passed_on', 'kept'], { description: 'Whether the customer gains from the provider’s prompt cache.', example: 'passed_on' }).default('passed_on'),
  minimum: optionalAmount('Least that an event costs.', 0.001),
}
const DYNAMIC = { model: word('dynamic', 'The event says what it costs.'), minimum: optionalAmount('Least that an event costs.', 0.01), maximum: optionalAmount('Most that an event costs.', 10) }
const OUTCOME = {
  model: word('outcome', 'A result has a price.'),
  amount: decimal({ description: 'Price of a result.', example: 2.5 }),
  charged_on: list(text({ description: 'A result.' }), { description: 'Results that are charged: values of the dimension `result`. An empty list: the run itself is charged, with its first event that the meter counts.', example: ['succeeded'] }).default(['succeeded']),
  features: list(text({ description: 'Id of a feature.' }), { description: 'Features whose usage in the run is not charged by itself; none named: all.' }).default([]),
}
const timing = choice(['in_advance', 'in_arrears'], { description: 'Due when the period opens, or when it ends.', example: 'in_advance' }).default('in_advance')
const FLAT = { model: word('flat', 'A fee for the period.'), amount: decimal({ description: 'Amount for a whole period, in the currency of the catalog.', example: 49 }), timing }
const SEAT = {
  model: word('seat', 'An amount for each seat.'),
  amount: decimal({ description: 'Amount for a seat and a whole period, in the currency of the catalog.', example: 30 }),
  timing,
  removal: choice(['credited', 'kept'], { description: 'Whether a seat that is given up in mid-period is credited, or stays paid until the period ends.', example: 'credited' }).default('credited'),
}

export const selectedPrice = z.discriminatedUnion('model', [
  fields('Matrix price', MATRIX, 'A price that the dimensions of the usage choose; each entry has an aggregate of its own.'),
  fields('Credits', CREDITS, 'Credits for usage, by its dimensions.'),
])

export const eventPrice = z.discriminatedUnion('model', [
  fields('Percentage price', PERCENTAGE, 'A share of the event’s amount, with free units and bounds per event.'),
  fields('Cost-plus price', COST_PLUS, 'The provider’s cost and a margin on it.'),
  fields('Dynamic price', DYNAMIC, 'An amount that the event gives.'),
  fields('Outcome price', OUTCOME, 'A price for a result; what led to it is not charged.'),
])

export const recurringPrice = z.discriminatedUnion('model', [
  fields('Flat price', FLAT, 'A fee for the time of a period.'),
  fields('Seat price', SEAT, 'Seats by the time that each was there.'),
])

const id = text({ description: 'Lower-case words joined by `_` or `-`. Keep it: usage and invoices refer to it.', example: 'input_tokens' })
const name = text({ description: 'Shown to people. Left out, it is made from the id.', example: 'Input tokens' }).optional()
const identity = {
  id,
  name,
  meter: text({ description: 'Id of the meter whose usage it prices. Of several prices of one meter the one whose conditions fit holds, with the most of them.', example: 'input_tokens' }),
  when: when.exactOptional(),
}
const onMeter = <const Model extends z.ZodRawShape>(title: string, shape: Model, description: string) => fields(title, { ...identity, ...shape }, description)
const forTime = <const Model extends z.ZodRawShape>(title: string, shape: Model, description: string) => fields(title, { id, name, ...shape }, description)

/** A price as it stands in a plan. */
export const planPrice = z.discriminatedUnion('model', [
  onMeter('Price per unit', CUMULATIVE.per_unit, 'Each unit costs the same: quantity × amount / per.'),
  onMeter('Graduated price', CUMULATIVE.graduated, 'Each unit at the price of the tier that it falls into.'),
  onMeter('Volume price', CUMULATIVE.volume, 'All units at the price of the tier that holds the total of the period. Refused where only a wallet pays.'),
  onMeter('Package price', CUMULATIVE.package, 'Whole packages of `size` units.'),
  onMeter('Matrix price', MATRIX, 'A price that the dimensions of the usage choose; each entry has an aggregate of its own, and climbs its own tiers. Usage that nothing fits is unpriced, never free.'),
  onMeter('Credits', CREDITS, 'Credits for usage, by its dimensions, in the credit asset of the plan.'),
  onMeter('Percentage price', PERCENTAGE, 'A share of the amount that the meter reads from each event, with free units and bounds per event.'),
  onMeter('Cost-plus price', COST_PLUS, 'The provider’s cost of each event that the meter counts, and a margin on it.'),
  onMeter('Dynamic price', DYNAMIC, 'The amount that the meter reads from each event, within bounds.'),
  onMeter('Outcome price', OUTCOME, 'A price for a result that an event of the meter reports; usage inside its run is not charged.'),
  forTime('Flat price', FLAT, 'A fee for the time of a period, beside the plan’s own.'),
  forTime('Seat price', SEAT, 'Seats by the time that each was there.'),
])

function withId<Entry extends { readonly id?: string | undefined; readonly when: Readonly<Record<string, readonly string[]>> }>(entry: Entry): Entry & { readonly id: string } {
  return { ...entry, id: entry.id ?? idOf(Object.values(entry.when).flat()) }
}

/** `["gpt-5", "eu"]` → `gpt-5_eu`. */
function idOf(values: readonly string[]): string {
  const made = values.map((value) => value.toLowerCase().replace(/[^a-z0-9-]+/g, '_').replace(/^[_-]+|[_-]+$/g, '').replace(/[_-]{2,}/g, '_')).join('_')
  return /^[a-z]/.test(made) ? made : `e_${made}`
}
