// The prices that `tollgate explain rate` reads: the catalog's cumulative ones, and those by event, by selection and by time.
// Shapes only; what they mean is in core/rating.

import * as z from 'zod'
import { choice, decimal, fields, integer, list, looseText, text } from '../app/catalog/fields.ts'
import { PRICE_MODEL_FIELDS } from '../app/catalog/schema.ts'

const word = <const Word extends string>(name: Word, description: string) => z.literal(name).meta({ description, examples: [name] })
const optionalAmount = (description: string, example: number) => decimal({ description, example }).nullable().default(null)
const timing = choice(['in_advance', 'in_arrears'], { description: 'Due when the period opens, or when it ends.', example: 'in_advance' }).default('in_advance')

export const cumulativePrice = z.discriminatedUnion('model', [
  fields('Price per unit', PRICE_MODEL_FIELDS.per_unit, 'Each unit costs the same: quantity × amount / per.'),
  fields('Graduated price', PRICE_MODEL_FIELDS.graduated, 'Each unit at the price of the tier that it falls into.'),
  fields('Volume price', PRICE_MODEL_FIELDS.volume, 'All units at the price of the tier that holds the total.'),
  fields('Package price', PRICE_MODEL_FIELDS.package, 'Whole packages of `size` units.'),
])

const when = z
  .record(z.string(), list(looseText({ description: 'An accepted value.' }), { description: 'Accepted values.' }))
  .meta({ description: 'Accepted values by dimension; all must fit. The entry with the most conditions wins.', examples: [{ model: ['gpt-5'] }] })
const entryId = text({ description: 'Names the aggregate of the entry.', example: 'large' })

export const selectedPrice = z.discriminatedUnion('model', [
  fields(
    'Matrix price',
    {
      model: word('matrix', 'Chosen by dimensions.'),
      entries: list(fields('Matrix entry', { id: entryId, when, price: cumulativePrice }, 'A price for usage with these dimensions.'), { description: 'The choices.' }),
      otherwise: cumulativePrice.nullable().default(null).meta({ description: 'Price of what no entry fits; without one it is unpriced.' }),
    },
    'A price that the dimensions of the usage choose; each entry has an aggregate of its own.',
  ),
  fields(
    'Credits',
    {
      model: word('credits', 'Credits by a multiplier matrix.'),
      per: decimal({ description: 'Units that a multiplier is for.', example: 1000 }).default('1'),
      entries: list(fields('Multiplier', { id: entryId, when, credits: decimal({ description: 'Credits for `per` units.', example: 12.5 }) }, 'Credits for usage with these dimensions.'), { description: 'The multipliers.' }),
      otherwise: optionalAmount('Credits for `per` units of what no entry fits; without them it is unpriced.', 1),
    },
    'Credits for usage, by its dimensions.',
  ),
])

export const eventPrice = z.discriminatedUnion('model', [
  fields(
    'Percentage price',
    {
      model: word('percentage', 'A share of the event’s amount.'),
      percent: decimal({ description: 'Percent of the amount.', example: 2.9 }),
      fixed: decimal({ description: 'On top, for each event that is charged.', example: 0.3 }).default('0'),
      free_events: integer({ description: 'First events that are free, as long as `free_amount`, where given, lasts.', example: 10 }).nullable().default(null),
      free_amount: optionalAmount('First amount that is free.', 500),
      minimum: optionalAmount('Least that a charged event costs.', 0.5),
      maximum: optionalAmount('Most that an event costs.', 20),
    },
    'A share of the event’s amount, with free units and bounds per event.',
  ),
  fields(
    'Cost-plus price',
    {
      model: word('cost_plus', 'Provider cost and a margin.'),
      margin_percent: decimal({ description: 'Percent on top of the cost.', example: 45 }),
      cache_savings: choice(['passed_on', 'kept'], { description: 'Whether the customer gains from the provider’s prompt cache.', example: 'passed_on' }).default('passed_on'),
      minimum: optionalAmount('Least that an event costs.', 0.001),
    },
    'The provider’s cost and a margin on it.',
  ),
  fields('Dynamic price', { model: word('dynamic', 'The event says what it costs.'), minimum: optionalAmount('Least that an event costs.', 0.01), maximum: optionalAmount('Most that an event costs.', 10) }, 'An amount that the event gives.'),
  fields(
    'Outcome price',
    {
      model: word('outcome', 'A result has a price.'),
      amount: decimal({ description: 'Price of a result.', example: 2.5 }),
      charged_on: list(text({ description: 'A result.' }), { description: 'Results that are charged.', example: ['succeeded'] }).default(['succeeded']),
      features: list(text({ description: 'Id of a feature.' }), { description: 'Features whose usage in the run is not charged by itself; none named: all.' }).default([]),
    },
    'A price for a result; what led to it is not charged.',
  ),
])

export const recurringPrice = z.discriminatedUnion('model', [
  fields('Flat price', { model: word('flat', 'A fee for the period.'), amount: decimal({ description: 'Amount for a whole period.', example: 49 }), timing }, 'A fee for the time of a period.'),
  fields(
    'Seat price',
    {
      model: word('seat', 'An amount for each seat.'),
      amount: decimal({ description: 'Amount for a seat and a whole period.', example: 30 }),
      timing,
      removal: choice(['credited', 'kept'], { description: 'Whether a seat that is given up in mid-period is credited, or stays paid until the period ends.', example: 'credited' }).default('credited'),
    },
    'Seats by the time that each was there.',
  ),
])
