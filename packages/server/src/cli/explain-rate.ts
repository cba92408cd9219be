// `explain rate`: usage by a price → charges and total, with their lines. Four kinds of price read four shapes of usage: a
// quantity or several for cumulative prices, quantities with dimensions for selected ones, events for prices by event, and
// a period for recurring ones. A total with anything unpriced in it is null, never a part.

import {
  boundEvent, boundSelected, chargeEvent, chargeSelected, compileEventPrice, compilePriceModel, compileRecurringPrice, compileSelectedPrice, explainAdded, explainCharge, explainPrinted, explainSelected, explainTotal,
  flatCharge, flatLines, formatCatalogPath, formatQuantity, formatUnits, InputError, instant, isCurrency, NONE, NOTHING_FREE_USED, parseQuantity, parseRatio, parseUnits, priceModelProblems, quantity,
  rateBound, seatCharges, seatLines, units, ZERO, type AssetId, type EventFact, type PriceLine, type PriceModelDocument, type Quantity, type SelectedPriceModel, type Span, type Units,
} from '@tollgate/core'
import type * as z from 'zod'
import { describeLine } from '../app/describe-line.ts'
import { table } from './explain-input.ts'
import type { ChargeOutput, cumulativeInput, event, eventInput, RateInput, RateOutput, recurringInput, selectedInput } from './explain-rate-shapes.ts'
import { elapsedAt } from './explain-time.ts'

export function explainRate(input: RateInput): RateOutput {
  switch (input.price.model) {
    case 'matrix':
    case 'credits':
      return explainSelectedRate(input as z.output<typeof selectedInput>)
    case 'percentage':
    case 'cost_plus':
    case 'dynamic':
    case 'outcome':
      return explainEvents(input as z.output<typeof eventInput>)
    case 'flat':
    case 'seat':
      return explainRecurring(input as z.output<typeof recurringInput>)
    default:
      return explainCumulative(input as z.output<typeof cumulativeInput>)
  }
}

function explainCumulative(input: z.output<typeof cumulativeInput>): RateOutput {
  const { scale: places } = input
  refuseProblems(input.price, 'price', input)
  const price = compilePriceModel(input.price, { scale: places, currency: input.currency, path: 'price' })
  let position = parseQuantity(input.before, places, 'before')
  const opening = position === NONE ? explainTotal(price, NONE) : { amount: ZERO, lines: [] }
  const amounts = typeof input.usage === 'string' ? [input.usage] : input.usage
  const charges = amounts.map((text, index): Priced => {
    const added = parseQuantity(text, places, typeof input.usage === 'string' ? 'usage' : `usage[${index}]`)
    const { amount, lines } = explainAdded(price, position, added)
    const charge = { usage: text, entry: null, before: formatQuantity(position, places), amount, bound: rateBound(price, added), lines }
    position = quantity(position + added)
    return charge
  })
  return outputOf({ model: input.price.model, currency: input.currency, scale: places, opening, charges })
}

function explainSelectedRate(input: z.output<typeof selectedInput>): RateOutput {
  const { price: document, scale: places } = input
  if (document.model === 'matrix') {
    for (const [index, entry] of document.entries.entries()) refuseProblems(entry.price, `price.entries[${index}].price`, input)
    if (document.otherwise !== null) refuseProblems(document.otherwise, 'price.otherwise', input)
  }
  const asset = document.model === 'credits' && isCurrency(input.currency) ? 'credits' : input.currency
  const price: SelectedPriceModel = compileSelectedPrice(document, { scale: places, asset, path: 'price' })
  const positions = new Map(Object.entries(input.before).map(([entry, text]) => [entry, parseQuantity(text, places, `before.${entry}`)]))
  const before = (entry: string): Quantity => positions.get(entry) ?? NONE
  const charges = input.usage.map(({ quantity: text, dimensions }, index): Priced => {
    const added = parseQuantity(text, places, `usage[${index}].quantity`)
    const lines = explainSelected(price, added, dimensions, before)
    const charge = chargeSelected(price, added, dimensions, before)
    const bound = boundSelected(price, added, dimensions)
    if (charge !== null) positions.set(charge.entry, quantity(charge.before + added))
    const told = Object.entries(dimensions).map(([dimension, value]) => `${dimension}=${value}`).join(' ')
    return { usage: `${text} ${told}`.trim(), entry: charge?.entry ?? null, before: charge === null ? null : formatQuantity(charge.before, places), amount: charge?.amount ?? null, bound, lines }
  })
  return outputOf({ model: document.model, currency: asset, scale: places, opening: { amount: ZERO, lines: [] }, charges })
}

function explainEvents(input: z.output<typeof eventInput>): RateOutput {
  const { currency: asset } = input
  const price = compileEventPrice(input.price, { currency: asset, path: 'price' })
  let used = input.before === undefined ? NOTHING_FREE_USED : { events: input.before.events, amount: parseUnits(input.before.free_amount, asset, 'before.free_amount') }
  const charges = input.usage.map((told, index): Priced => {
    const fact = factOf(told, asset, `usage[${index}]`)
    const charge = chargeEvent(price, fact, used)
    const lines = explainCharge(price, fact, used)
    used = charge.used
    const usage = [told.amount, told.cost === null ? null : `cost ${told.cost}${told.cost_currency === null ? '' : ` ${told.cost_currency}`}`, told.result].filter((part) => part !== null).join(' ')
    return { usage, entry: null, before: null, amount: charge.amount, bound: boundEvent(price, fact), lines }
  })
  return outputOf({ model: price.model, currency: asset, scale: null, opening: { amount: ZERO, lines: [] }, charges })
}

function factOf(told: z.output<typeof event>, asset: AssetId, path: string): EventFact {
  const amountIn = (text: string | null, of: AssetId, field: string): Units | null => {
    if (text === null) return null
    const amount = parseUnits(text, of, `${path}.${field}`)
    if (amount < 0n) throw new InputError({ code: 'out_of_range', field: `${path}.${field}`, message: `${path}.${field} must not be negative` })
    return amount
  }
  const costAsset = told.cost_currency ?? asset
  const money = (text: string | null, field: string) => {
    const amount = amountIn(text, costAsset, field)
    return amount === null ? null : { asset: costAsset, units: amount }
  }
  return {
    amount: amountIn(told.amount, asset, 'amount'), cost: money(told.cost, 'cost'), costUncached: money(told.cost_uncached, 'cost_uncached'), result: told.result,
    exchange: told.exchange_rate === null ? null : { from: costAsset, to: asset, at: instant(0), rate: parseRatio(told.exchange_rate, `${path}.exchange_rate`) },
  }
}

function explainRecurring(input: z.output<typeof recurringInput>): RateOutput {
  const price = compileRecurringPrice(input.price, { currency: input.currency, path: 'price' })
  const period: Span = input.period
  const elapsed = elapsedAt(input)
  if (price.model === 'flat') {
    const from = elapsed(input.served?.from ?? period.start)
    const until = elapsed(input.served?.until ?? period.end)
    if (until.part < from.part) throw new InputError({ code: 'out_of_range', field: 'served.until', message: 'served.until is before served.from' })
    const served = { part: until.part - from.part, whole: until.whole }
    const { amount, dueAt } = flatCharge(price, period, served)
    return outputOf({ model: 'flat', currency: input.currency, scale: null, opening: { amount: ZERO, lines: [] }, charges: [{ usage: `${served.part}/${served.whole} of the period`, entry: null, before: null, amount, bound: price.amount, lines: flatLines(price, served), dueAt }] })
  }
  const changes = input.changes.map(({ at, seats }) => ({ elapsed: elapsed(at).part, seats }))
  if (changes[0]?.elapsed !== 0n) throw new InputError({ code: 'missing_seats', field: 'changes', message: 'changes must begin with the seats at the beginning of the period' })
  for (const [index, { elapsed: at }] of changes.entries()) {
    if (index > 0 && at < changes[index - 1]!.elapsed) throw new InputError({ code: 'out_of_order', field: `changes[${index}].at`, message: `changes[${index}].at is before the change above it` })
  }
  const whole = elapsed(period.end).whole
  const lines = seatLines(price, { whole, changes })
  const charges = seatCharges(price, { whole, changes }).map(({ change, added, amount }, index): Priced => ({
    usage: change === null ? 'the period' : `${change.seats} seats (${added < 0 ? '' : '+'}${added})`, entry: null, before: null, amount, bound: null,
    lines: [lines[index]!], dueAt: change === null ? period.end : input.changes[index]!.at,
  }))
  return outputOf({ model: 'seat', currency: input.currency, scale: 0, opening: { amount: ZERO, lines: [] }, charges })
}

type Priced = Omit<ChargeOutput, 'amount' | 'bound' | 'lines' | 'due_at'> & { readonly amount: Units | null; readonly bound: Units | null; readonly lines: readonly PriceLine[]; readonly dueAt?: number }

function outputOf(of: { readonly model: string; readonly currency: AssetId; readonly scale: number | null; readonly opening: { readonly amount: Units; readonly lines: readonly PriceLine[] }; readonly charges: readonly Priced[] }): RateOutput {
  const show = (amount: Units): string => formatUnits(amount, of.currency)
  const line = (one: PriceLine): RateOutput['opening_lines'][number] => describeLine(one, of)
  const isPriced = of.charges.every(({ amount }) => amount !== null)
  const total = isPriced ? units(of.charges.reduce((sum, { amount }) => sum + (amount ?? 0n), of.opening.amount as bigint)) : null
  const printed = total === null || !isCurrency(of.currency) ? null : explainPrinted(total, of.currency)
  return {
    model: of.model,
    currency: of.currency,
    opening: show(of.opening.amount),
    opening_lines: of.opening.lines.map(line),
    charges: of.charges.map(({ dueAt, amount, bound, lines, ...rest }) => ({
      ...rest, amount: amount === null ? null : show(amount), bound: bound === null ? null : show(bound), due_at: dueAt === undefined ? null : new Date(dueAt).toISOString(), lines: lines.map(line),
    })),
    total: total === null ? null : show(total),
    printed: printed === null ? null : show(printed.printed),
    rounding: printed === null ? null : show(printed.rounding),
  }
}

function refuseProblems(price: PriceModelDocument, path: string, { currency: asset, scale: places }: { readonly currency: AssetId; readonly scale: number }): void {
  const problem = priceModelProblems(price, { path: [path], currency: asset, scale: places }).find(({ level }) => level === 'error')
  if (problem !== undefined) throw new InputError({ code: problem.code, field: formatCatalogPath(problem.path), message: `${formatCatalogPath(problem.path)}: ${problem.message}` })
}

export function renderRate(output: RateOutput): string {
  const rows: string[][] = [['', 'quantity', 'price', 'amount']]
  const addLines = (lines: RateOutput['opening_lines']): void => {
    for (const line of lines) rows.push([`  ${line.kind.replaceAll('_', ' ')}${line.tier === null ? '' : ` (tier ${line.tier})`}`, line.kind === 'flat' ? `${line.quantity}/${line.per}` : (line.quantity ?? ''), priceText(line), line.amount])
  }
  if (output.opening_lines.length > 0) {
    rows.push(['before any usage', '', '', output.opening])
    addLines(output.opening_lines)
  }
  for (const charge of output.charges) {
    const chosen = charge.entry === null ? '' : ` → ${charge.entry}`
    const due = charge.due_at === null ? '' : ` due ${charge.due_at.slice(0, 10)}`
    rows.push([`${charge.usage}${chosen}${charge.before === null || charge.before === '0' ? '' : ` after ${charge.before}`}${due}`, '', '', charge.amount ?? 'unpriced'])
    addLines(charge.lines)
  }
  const printed = output.printed === null || output.printed === output.total ? '' : `, printed ${output.printed} (rounding ${output.rounding})`
  return `${table(rows, 1)}\n\ntotal ${output.total ?? 'unknown: something is unpriced'}${output.total === null ? '' : ` ${output.currency}`}${printed}`
}

function priceText(line: RateOutput['opening_lines'][number]): string {
  if (line.percent !== null) return `${line.percent} %`
  if (line.exchange_rate !== null) return `× ${line.exchange_rate}`
  if (line.unit_amount === null) return ''
  return line.per === null || line.per === '1' || line.kind === 'flat' ? line.unit_amount : `${line.unit_amount} / ${line.per}`
}
