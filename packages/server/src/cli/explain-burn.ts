// `explain burn`: blocks and draws over time → which block paid which draw, what lapsed, what is left and what is owed.
// Recurrences are given by calendar and become instants here; the burning itself is core/credit.

import { BURN_CRITERIA, BURN_ORDER_DEFAULT, burn, burnOrderProblem, featureSet, formatUnits, InputError, instant, parseUnits, type AssetId, type BurnBlock, type Instant, type Units, wholeBurnOrder } from '@tollgate/core'
import { isTimeZone, nextPeriod, periodAt, type PeriodRule } from '@tollgate/core/period'
import * as z from 'zod'
import { choice, decimal, fields, integer, list, text } from '../app/catalog/fields.ts'
import { table, time, timeText } from './explain-input.ts'
import { timeZone } from './explain-time.ts'

/** A recurrence by the day for thirty years; more is a typo in `until`. */
const RENEWALS_MAX = 11_000

const recurrence = fields(
  'Recurrence',
  { every: choice(['day', 'week', 'month', 'year'], { description: 'How often the block is filled anew.', example: 'month' }), anchor: time({ description: 'One of the moments; when the block begins, unless stated.', example: '2026-01-31T00:00:00Z' }).nullable().default(null), timezone: timeZone },
  'When a block is filled anew.',
)

const rollover = fields('Rollover', { min: decimal({ description: 'Least that stays.', example: 0 }).default('0'), max: decimal({ description: 'Most that stays.', example: 50 }) }, 'What stays at a reset or renewal: `min(max, max(left, min))`.')

const block = fields(
  'Block',
  {
    id: text({ description: 'Id of the block.', example: 'blk_gift' }),
    amount: decimal({ description: 'What it holds when it begins or is filled.', example: 100 }),
    balance: decimal({ description: 'What is left of it now, if it has begun already; all of it unless stated.', example: 80 }).nullable().default(null),
    category: choice(['paid', 'promotional'], { description: 'Of equals, promotional credit burns first.', example: 'promotional' }).default('paid'),
    priority: integer({ description: 'Lower burns first.', example: 100 }).default(100),
    effective_at: time({ description: 'When it begins.', example: '2026-01-01T00:00:00Z' }),
    expires_at: time({ description: 'First instant at which it pays no more.' }).nullable().default(null),
    created_at: time({ description: 'Of equals, the older burns first; when it begins, unless stated.' }).nullable().default(null),
    voided_at: time({ description: 'When the rest was forfeited.' }).nullable().default(null),
    features: list(text({ description: 'Id of a feature.' }), { description: 'Features that it may pay for; none named: all.' }).default([]),
    recurrence: recurrence.nullable().default(null).meta({ description: 'When it is filled anew; never unless stated.' }),
    rollover: rollover.nullable().default(null).meta({ description: 'What stays at a reset or renewal; nothing unless stated.' }),
  },
  'A credit block.',
)

export const burnInput = fields(
  'Burn input',
  {
    asset: text({ description: 'Credit asset or currency.', example: 'credits' }).default('credits'),
    blocks: list(block, { description: 'The blocks of the wallet.' }),
    draws: list(
      fields('Draw', { id: text({ description: 'Name of the draw; counted unless stated.' }).nullable().default(null), at: time({ description: 'When.', example: '2026-01-05T10:00:00Z' }), amount: decimal({ description: 'How much.', example: 25 }), feature: text({ description: 'What for.', example: 'chat' }).nullable().default(null) }, 'A draw on the wallet.'),
      { description: 'What is drawn.' },
    ).default([]),
    resets: list(time({ description: 'A reset.' }), { description: 'Moments at which each block keeps its rollover and nothing more.' }).default([]),
    until: time({ description: 'The state is that of this moment; just after the last draw unless stated.' }).nullable().default(null),
    depletion: choice(['hard', 'soft'], { description: '`hard` stops at zero; `soft` goes below it.', example: 'hard' }).default('hard'),
    floor: decimal({ description: 'Lowest balance of a soft wallet, zero or negative; none unless stated.', example: -50 }).nullable().default(null),
    order: list(choice(BURN_CRITERIA, { description: 'What tells two blocks apart.' }), { description: `Burn order, as a plan's \`burn_order\`: what is left out follows in the usual order (${BURN_ORDER_DEFAULT.join(', ')}).`, example: ['promotional', 'expiry'] }).default([]),
    debt_at_reset: choice(['kept', 'forgiven'], { description: 'What a reset does with what is owed.', example: 'kept' }).default('kept'),
  },
  'A wallet over time.',
)

const event = { block: z.string(), at: z.string(), amount: z.string() }

export const burnOutput = z.object({
  asset: z.string(),
  until: z.string(),
  order: z.array(z.string()).meta({ description: 'What the blocks of a wallet burn by, the first that tells two apart; blocks for fewer features come before all of it.' }),
  draws: z.array(z.object({
    id: z.string(), at: z.string(), feature: z.string().nullable(), amount: z.string(),
    paid_by: z.array(z.object({ block: z.string(), amount: z.string() })).meta({ description: 'Blocks in the order in which they burned.' }),
    debt: z.string().meta({ description: 'Left owing.' }),
    refused: z.string().meta({ description: 'What the wallet did not pay at all.' }),
  }).meta({ title: 'Paid draw' })),
  repayments: z.array(z.object({ ...event, draw: z.string() })).meta({ description: 'Debt that later blocks paid.' }),
  issued: z.array(z.object({ ...event, reason: z.enum(['renewed', 'reset']) })).meta({ description: 'Credit that came by renewal or rollover.' }),
  breakage: z.array(z.object({ ...event, reason: z.enum(['expired', 'voided', 'renewed', 'reset']) })).meta({ description: 'Credit that lapsed.' }),
  balances: z.array(z.object({ block: z.string(), remaining: z.string() })).meta({ description: 'Left in each block that has begun.' }),
  debt: z.string(),
  forgiven: z.string().meta({ description: 'Debt that a reset wrote off.' }),
  balance: z.string().meta({ description: 'What is left in all, less what is owed.' }),
}).meta({ title: 'Burn output', description: 'What became of the credit.' })
type BurnOutput = z.output<typeof burnOutput>
type BurnInputDocument = z.output<typeof burnInput>

export function explainBurn(input: BurnInputDocument): BurnOutput {
  const { asset } = input
  const until = input.until ?? instant(Math.max(0, ...input.draws.map(({ at }) => at), ...input.blocks.map(({ effective_at: at }) => at)) + 1)
  const amount = (text: string, field: string): Units => notNegative(parseUnits(text, asset, field), field)
  const ids = new Set<string>()
  for (const [index, { id }] of input.blocks.entries()) {
    if (ids.has(id)) throw new InputError({ code: 'duplicate_id', field: `blocks[${index}].id`, message: `block ${id} stands twice` })
    ids.add(id)
  }
  const floor = input.floor === null ? null : parseUnits(input.floor, asset, 'floor')
  if (floor !== null && floor > 0n) throw new InputError({ code: 'out_of_range', field: 'floor', message: 'floor is the lowest balance: zero or negative' })
  const orderProblem = burnOrderProblem(input.order)
  if (orderProblem !== null) throw new InputError({ code: 'invalid_value', field: 'order', message: `order: ${orderProblem}` })
  const result = burn({
    order: input.order,
    blocks: input.blocks.map((of, index) => blockOf(of, { asset, until, path: `blocks[${index}]` })),
    draws: input.draws.map(({ id, at, amount: text, feature }, index) => ({ id: id ?? String(index + 1), at, amount: amount(text, `draws[${index}].amount`), feature })),
    resets: input.resets, until, depletion: input.depletion === 'hard' ? { kind: 'hard' } : { kind: 'soft', floor }, keepsDebt: input.debt_at_reset === 'kept',
  })
  const show = (of: Units): string => formatUnits(of, asset)
  const shown = <Event extends { readonly at: Instant; readonly amount: Units }>(events: readonly Event[]) => events.map((of) => ({ ...of, at: timeText(of.at), amount: show(of.amount) }))
  return {
    asset, until: timeText(until), order: ['features', ...wholeBurnOrder(input.order)],
    draws: result.draws.map(({ id, at, feature, amount: drawn, draws, debt, refused }) => ({
      id, at: timeText(at), feature, amount: show(drawn), paid_by: draws.map((draw) => ({ block: draw.block, amount: show(draw.amount) })), debt: show(debt), refused: show(refused),
    })),
    repayments: shown(result.repayments), issued: shown(result.issued), breakage: shown(result.breakage),
    balances: result.balances.map(({ block: id, remaining }) => ({ block: id, remaining: show(remaining) })),
    debt: show(result.debt), forgiven: show(result.forgiven), balance: show(result.balance),
  }
}

function blockOf(of: BurnInputDocument['blocks'][number], context: { readonly asset: AssetId; readonly until: Instant; readonly path: string }): BurnBlock {
  const { asset, path } = context
  const amount = (text: string, field: string): Units => notNegative(parseUnits(text, asset, `${path}.${field}`), `${path}.${field}`)
  const granted = amount(of.amount, 'amount')
  return {
    id: of.id, category: of.category, priority: of.priority, granted, remaining: of.balance === null ? granted : amount(of.balance, 'balance'),
    effectiveAt: of.effective_at, expiresAt: of.expires_at, createdAt: of.created_at ?? of.effective_at, voidedAt: of.voided_at, features: featureSet(of.features),
    renewsAt: of.recurrence === null ? [] : renewalsOf(of.recurrence, of.effective_at, context),
    rollover: of.rollover === null ? null : { min: amount(of.rollover.min, 'rollover.min'), max: amount(of.rollover.max, 'rollover.max') },
  }
}

/** Moments of the recurrence after the block begins and up to the end. */
function renewalsOf(of: NonNullable<BurnInputDocument['blocks'][number]['recurrence']>, begins: Instant, { until, path }: { readonly until: Instant; readonly path: string }): Instant[] {
  if (!isTimeZone(of.timezone)) throw new InputError({ code: 'invalid_time_zone', field: `${path}.recurrence.timezone`, message: `${JSON.stringify(of.timezone)} is no IANA time zone such as Europe/Berlin` })
  const rule: PeriodRule = { anchorAt: of.anchor ?? begins, timeZone: of.timezone, every: of.every }
  const renewals: Instant[] = []
  for (let period = periodAt(rule, begins); period.end <= until; period = nextPeriod(rule, period)) {
    renewals.push(period.end)
    if (renewals.length > RENEWALS_MAX) throw new InputError({ code: 'out_of_range', field: 'until', message: `${path} would renew more than ${RENEWALS_MAX} times until ${timeText(until)}` })
  }
  return renewals
}

function notNegative(amount: Units, field: string): Units {
  if (amount < 0n) throw new InputError({ code: 'out_of_range', field, message: `${field} must not be negative` })
  return amount
}

/** In the order of time; what each draw took stands under it. */
export function renderBurn(output: BurnOutput): string {
  const groups: readonly (readonly string[][])[] = [
    ...output.draws.map(({ id, at, feature, amount, paid_by: parts, debt, refused }) => [
      [at, `draw ${id}${feature === null ? '' : ` (${feature})`}`, '', amount],
      ...parts.map((part) => ['', '', part.block, part.amount]),
      ...(debt === '0' ? [] : [['', '', 'owed', debt]]),
      ...(refused === '0' ? [] : [['', '', 'refused', refused]]),
    ]),
    ...output.breakage.map(({ block: id, at, amount, reason }) => [[at, `lapsed: ${reason}`, id, amount]]),
    ...output.issued.map(({ block: id, at, amount, reason }) => [[at, reason, id, amount]]),
    ...output.repayments.map(({ block: id, at, amount, draw }) => [[at, `repaid draw ${draw}`, id, amount]]),
  ]
  const ordered = groups.toSorted((a, b) => (a[0]![0]! < b[0]![0]! ? -1 : a[0]![0]! > b[0]![0]! ? 1 : 0))
  const rows = [['at', 'what', 'by', 'amount'], ...ordered.flat(), ...output.balances.map(({ block: id, remaining }) => [output.until, 'left', id, remaining])]
  return `${table(rows, 3)}\n\nburn order: ${output.order.join(', ')}\nbalance ${output.balance} ${output.asset}${output.debt === '0' ? '' : `, of which ${output.debt} owed`}`
}
