// `explain prorate`: a change in the middle of a period → the two lines of it, exact and as printed.

import { formatUnits, InputError, parseUnits, prorateChange, roundToMinor, units, type Units } from '@tollgate/core'
import * as z from 'zod'
import { choice, decimal, fields, integer, orShorthand, text } from '../app/catalog/fields.ts'
import { table, time } from './explain-input.ts'
import { elapsedAt, GRANULARITY, periodShape, timeZone } from './explain-time.ts'

const recurring = orShorthand(
  'amount',
  fields('Recurring amount', { amount: decimal({ description: 'Amount for a whole period.', example: 49 }), quantity: integer({ description: 'How many, such as seats.', example: 5 }).default(1) }, 'What is due for a whole period; the amount alone is enough.'),
)

export const prorateInput = fields(
  'Prorate input',
  {
    currency: text({ description: 'Currency, ISO 4217.', example: 'USD' }).default('USD'),
    period: periodShape,
    at: time({ description: 'When the change takes effect.', example: '2026-04-16T00:00:00Z' }),
    from: recurring.nullable().default(null).meta({ description: 'What held before; none for something that begins.' }),
    to: recurring.nullable().default(null).meta({ description: 'What holds from then on; none for something that ends.' }),
    timing: choice(['in_advance', 'in_arrears'], { description: 'Whether the old amount was paid when the period opened.', example: 'in_advance' }).default('in_advance'),
    granularity: GRANULARITY,
    timezone: timeZone,
    day_of_change: choice(['new', 'old'], { description: 'By days: whether the day of the change belongs to what comes or to what was. A cancellation usually consumes its day: `old`.', example: 'new' }).default('new'),
  },
  'A change of a recurring amount in mid-period.',
)

const share = z.object({ part: z.string(), whole: z.string() }).meta({ description: 'Part of the period, in its unit.' })

export const prorateOutput = z.object({
  currency: z.string(),
  unit: z.enum(['second', 'day']),
  elapsed: share,
  lines: z.array(z.object({
    kind: z.enum(['unused_time', 'used_time', 'remaining_time']).meta({ description: '`unused_time`: paid in advance and given back. `used_time`: charged in arrears. `remaining_time`: charged for the rest.' }),
    share,
    whole_amount: z.string().meta({ description: 'Amount of a whole period.' }),
    amount: z.string(),
    printed: z.string().meta({ description: 'As an invoice prints it.' }),
  }).meta({ title: 'Proration line' })),
  net: z.string().meta({ description: 'Sum of the lines, exact.' }),
  printed_net: z.string().meta({ description: 'Sum of the lines as printed.' }),
  rounding: z.string().meta({ description: 'Printed less exact.' }),
}).meta({ title: 'Prorate output', description: 'The lines of the change.' })
type ProrateOutput = z.output<typeof prorateOutput>

export function explainProration(input: z.output<typeof prorateInput>): ProrateOutput {
  const { currency, period, at, timing } = input
  if (at < period.start || at > period.end) throw new InputError({ code: 'out_of_range', field: 'at', message: 'at is outside the period' })
  if (input.from === null && input.to === null) throw new InputError({ code: 'nothing_changes', field: 'from', message: 'name what was (from), what comes (to), or both' })
  const amountOf = (of: { readonly amount: string; readonly quantity: number } | null, field: string): Units | null => (of === null ? null : units(parseUnits(of.amount, currency, `${field}.amount`) * BigInt(of.quantity)))
  const elapsed = elapsedAt(input, { ownsDay: input.day_of_change === 'old' })(at)
  const lines = prorateChange({ from: amountOf(input.from, 'from'), to: amountOf(input.to, 'to'), elapsed, timing })
  const net = units(lines.reduce((sum, { amount }) => sum + amount, 0n))
  const printedNet = units(lines.reduce((sum, { amount }) => sum + roundToMinor(amount, currency), 0n))
  const show = (amount: Units): string => formatUnits(amount, currency)
  const texts = (of: { readonly part: bigint; readonly whole: bigint }) => ({ part: String(of.part), whole: String(of.whole) })
  return {
    currency, unit: input.granularity, elapsed: texts(elapsed),
    lines: lines.map(({ kind, share: of, whole, amount }) => ({ kind, share: texts(of), whole_amount: show(whole), amount: show(amount), printed: show(roundToMinor(amount, currency)) })),
    net: show(net), printed_net: show(printedNet), rounding: show(units(printedNet - net)),
  }
}

export function renderProration(output: ProrateOutput): string {
  const rows = [['', `${output.unit}s`, 'whole', 'amount', 'printed'], ...output.lines.map(({ kind, share: of, whole_amount: whole, amount, printed }) => [kind.replaceAll('_', ' '), `${of.part}/${of.whole}`, whole, amount, printed])]
  return `${table(rows, 1)}\n\nnet ${output.printed_net} ${output.currency}${output.rounding === '0' ? '' : ` (exact ${output.net}, rounding ${output.rounding})`}`
}
