// The parts of a catalog file about subscriptions: parents, trials, dunning, standings, add-ons, promotions, names of providers.

import { z } from 'zod'
import { choice, decimal, fields, integer, list, looseText, orShorthand, text, toggle } from './fields.ts'

const id = (example: string) => text({ description: 'Lower-case words joined by `_` or `-`. Keep it: subscriptions refer to it.', example })
const name = (example: string) => text({ description: 'Shown to people. Left out, it is made from the id.', example }).optional()

export const entitlement = orShorthand(
  'feature',
  fields(
    'Entitlement',
    {
      feature: text({ description: 'Id of the feature that is granted.', example: 'chat' }),
      value: looseText({ description: 'The configured value; only and always for a feature of kind `value`. `unlimited` is above every number.', example: '10' }).nullable().default(null),
      models: list(text({ description: 'Model name, or `*` for all.' }), { description: 'Models that may be asked for with this feature. `*` stands for all.', example: ['gpt-5-mini', 'gpt-5-nano'] }).default(['*']),
    },
    'A feature that is granted. The id of the feature alone is enough: `- chat`.',
  ),
)

const entitlements = (description: string) => list(entitlement, { description }).default([])
const quantities = (description: string) =>
  list(
    fields('Quantity', { id: text({ description: 'Id of an allowance or limit of the plan.', example: 'tokens' }), quantity: decimal({ description: 'Units.', example: 500000 }) }, 'A quantity beside that of the plan.'),
    { description },
  ).default([])

const trial = orShorthand(
  'days',
  fields(
    'Trial',
    {
      days: integer({ description: 'Calendar days in the time zone of the customer.', example: 14 }),
      end: choice(['activate', 'pause', 'cancel', 'expire'], { description: 'What its end does: `activate` begins the paid period. An agreement that a provider bills goes on until the provider says otherwise.', example: 'activate' }).default('activate'),
      notices: list(integer({ description: 'Days before the end.' }), { description: 'Days before its end on which `subscription.trial_ending` is told.' }).default([3]),
      entitlements: entitlements('Granted while it runs, beside what the plan grants.'),
      allowances: quantities('Quantities while it runs, in place of those of the plan.'),
    },
    'A time without payment at the start. The number of days alone is enough: `trial: 14`.',
  ),
)

const stage = fields(
  'Dunning stage',
  {
    day: integer({ description: 'Days after the first failed payment.', example: 3 }),
    action: choice(['notify', 'suspend', 'cancel'], { description: '`notify` tells the tenant, `suspend` ends grace, `cancel` ends the subscription.', example: 'notify' }),
    message: text({ description: 'What the tenant reads. Left out, our own words.', example: 'Please update your card.' }).nullable().default(null),
  },
  'What happens so many days after a payment failed.',
)

const features = (description: string, all: boolean) => list(text({ description: 'Id of a feature, or `*`.' }), { description }).default(all ? ['*'] : [])
const standings = fields(
  'Standings',
  {
    grace: features('In grace; all that the plan grants unless stated.', true),
    suspended: features('While suspended; nothing unless stated.', false),
    paused: features('While paused; nothing unless stated.', false),
    disputed: features('While a payment is disputed; nothing unless stated.', false),
    incomplete: features('Before the first payment; nothing unless stated.', false),
    cancelled: features('After it was cancelled; nothing unless stated.', false),
    expired: features('After it expired; nothing unless stated.', false),
    dispute_lost: choice(['suspend', 'cancel', 'nothing'], { description: 'What a lost dispute does to the subscription.', example: 'suspend' }).default('suspend'),
  },
  'Features that may be used in each standing; `*` stands for all that the plan grants.',
)

const names = (provider: string, example: string) => list(text({ description: 'An id.' }), { description: `Ids at ${provider}.`, example: [example] }).default([])
const providers = fields(
  'Provider names',
  { stripe: names('Stripe: of prices or products', 'price_1Pro'), chargebee: names('Chargebee: of item prices or plans', 'pro-USD-Monthly'), recurly: names('Recurly: codes of plans or add-ons', 'pro') },
  'How billing providers call it: their messages about these mean this plan or add-on.',
)

/** What a plan has beside prices and quotas. */
export const COURSE_FIELDS = {
  parent: text({ description: 'A plan whose entitlements, prices, allowances and limits hold here too, unless this plan has its own of that feature, meter or id.', example: 'free' }).exactOptional(),
  trial: trial.exactOptional(),
  dunning: list(stage, { description: 'What happens after a failed payment; grace lasts until the first `suspend`. Unless stated: told on day 0, suspended on day 7.' }).exactOptional(),
  standings: standings.exactOptional(),
  providers: providers.exactOptional(),
}

const addOnFee = orShorthand(
  'amount',
  fields(
    'Add-on fee',
    {
      id: text({ description: 'Stands on the invoice line.', example: 'seat' }).default('add_on'),
      name: text({ description: 'Text of the invoice line.', example: 'More tokens' }).default('Add-on'),
      amount: decimal({ description: 'Amount for each unit and period.', example: 10 }),
      currencies: z.record(z.string(), decimal({ description: 'Amount for each unit and period in this currency.', example: 9 })).meta({ description: 'The amount in other currencies, by ISO 4217. A customer that is billed in one without it cannot have the add-on.' }).exactOptional(),
    },
    'What one unit costs for a period. The amount alone is enough: `fee: 10`.',
  ),
)

export const addOn = fields(
  'Add-on',
  {
    id: id('more_tokens'),
    name: name('More tokens'),
    public: toggle({ description: 'Shown where plans are shown.', example: true }).default(true),
    plans: list(text({ description: 'Id of a plan, or `*`.' }), { description: 'Plans that it fits.', example: ['pro'] }).default(['*']),
    fee: addOnFee.nullable().default(null).meta({ description: 'Recurring fee for each unit, in advance; none unless stated.' }),
    quantity_max: integer({ description: 'Most units of one subscription.', example: 10 }).default(1),
    mode: choice(['add', 'replace'], { description: '`add`: its numbers come to those of the plan, once for each unit. `replace`: they stand in their place.', example: 'add' }).default('add'),
    entitlements: entitlements('Features that it grants.'),
    allowances: quantities('Units of the allowances of the plan.'),
    limits: quantities('Units of the limits of the plan.'),
    providers: providers.exactOptional(),
  },
  'What a subscription may have beside its plan.',
)

export const promotion = fields(
  'Promotion',
  {
    id: id('launch'),
    name: name('Launch offer'),
    days: integer({ description: 'How long it holds from when it is granted. Left out, until it is withdrawn.', example: 30 }).nullable().default(null),
    entitlements: entitlements('Features that it grants.'),
    allowances: quantities('Units of allowances; the greater of these and those of the plan with its add-ons counts.'),
    limits: quantities('Units of limits; the greater counts.'),
  },
  'What can be granted to a customer for a time, beside its plan.',
)
