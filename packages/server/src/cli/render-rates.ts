// The rate card and what an import would change, as text. Large lists are cut to what a person reads, and say what they cut.

import { table } from './explain-input.ts'
import { paint } from './output.ts'
import type { ShownChange, ShownMatch, ShownPlan, ShownRate } from './rates.ts'

/** Changes of one kind that are listed unless all are asked for. */
const SHOWN_MAX = 20

export function renderRateList(rates: readonly ShownRate[]): string {
  const rows = [['provider', 'model', 'from', 'input', 'cached', 'output', '', 'layer']]
  for (const rate of rates) {
    const price = (bucket: string): string => rate.per_million[bucket] ?? ''
    rows.push([rate.provider, rate.model, rate.from, price('input'), price('cached_input'), price('output'), rate.currency, rate.layer])
  }
  return table(rows, 3)
}

export function renderRateMatch(model: string, shown: ShownMatch): string {
  if (shown.rate === null) return `${model} has no entry in force: its cost would be unknown.\nAdd a rate to the catalog, or import a price list: tollgate rates import FILE`
  const head = `${shown.rate.provider}/${shown.rate.model}, found by ${shown.matched_by} ${shown.matched}; catalog version ${shown.catalog_version}, imported version ${shown.imported_version}`
  return [head, ...shown.entries.map((rate) => renderEntry(rate, rate.from === shown.rate?.from))].join('\n\n')
}

function renderEntry(rate: ShownRate, isInForce: boolean): string {
  const lines = [
    `from ${rate.from}${isInForce ? ' (in force)' : ''}, ${rate.layer}${rate.source === null ? '' : `: ${rate.source}`}`,
    ...Object.entries(rate.per_million).map(([bucket, amount]) => `  ${bucket.padEnd(24)} ${amount.padStart(10)} ${rate.currency} / 1M`),
    ...Object.entries(rate.per_unit).map(([bucket, amount]) => `  ${bucket.padEnd(24)} ${amount.padStart(10)} ${rate.currency} each`),
    ...rate.variants.map((variant) => `  ${renderVariant(variant)}`),
    `  window ${rate.context_window} tokens, output at most ${rate.output_max}`,
  ]
  return lines.join('\n')
}

function renderVariant(variant: Readonly<Record<string, unknown>>): string {
  const { when, input_above: above, total_above: total, ...prices } = variant
  const conditions = [
    ...Object.entries((when ?? {}) as Readonly<Record<string, readonly string[]>>).map(([label, accepted]) => `${label} ${accepted.join(' or ')}`),
    ...(above === undefined ? [] : [`more than ${String(above)} tokens of input`]), ...(total === undefined ? [] : [`more than ${String(total)} tokens`]),
  ]
  const told = Object.entries(prices).map(([field, value]) => (field === 'factor' ? `× ${String(value)}` : Object.entries(value as Readonly<Record<string, string>>).map(([bucket, amount]) => `${bucket} ${amount}`).join(', ')))
  return `${conditions.join(', ')}: ${told.join(', ')}`
}

export function renderRateChanges(plan: ShownPlan, options: { readonly stream: NodeJS.WritableStream; readonly isWhole: boolean; readonly confirmAbove: string }): string {
  const { stream } = options
  const lists = plan.lists.map(({ name, source, entries, skipped }) => {
    const passed = Object.entries(skipped).map(([reason, count]) => `${count} ${reason}`)
    return `${name}: ${source}, ${entries} entries${passed.length === 0 ? '' : ` (passed over: ${passed.join(', ')})`}`
  })
  const sections = (['disagreeing', 'changed', 'added', 'removed'] as const).flatMap((action) => section(plan.changes.filter((change) => change.action === action), action, options))
  const counts = (['added', 'changed', 'removed', 'disagreeing'] as const).map((action) => `${plan.changes.filter((change) => change.action === action).length} ${action}`)
  const others = plan.passed_over === 0 ? '' : `; ${plan.passed_over} entries of other providers: choose them with --provider`
  return [paint(stream, 'bold', `Rates from ${plan.from} on, against version ${plan.base_version} of the imported rates`), ...lists, '', ...sections, `${counts.join(', ')}, ${plan.same} the same${others}.`].join('\n')
}

const TITLES = { disagreeing: 'Sources disagree: nothing changes unless one is preferred (--prefer SOURCE)', changed: 'Changed', added: 'Added', removed: 'No longer listed: the last price stays' } as const

function section(changes: readonly ShownChange[], action: keyof typeof TITLES, options: { readonly stream: NodeJS.WritableStream; readonly isWhole: boolean }): string[] {
  if (changes.length === 0) return []
  const shown = options.isWhole ? changes : changes.slice(0, SHOWN_MAX)
  const rest = changes.length - shown.length
  return [`${TITLES[action]}:`, ...shown.flatMap((change) => renderChange(change, options.stream)), ...(rest > 0 ? [`  … and ${rest} more: --all`] : []), '']
}

const MARKS = { disagreeing: ['?', 'magenta'], changed: ['~', 'yellow'], added: ['+', 'green'], removed: ['-', 'red'] } as const

function renderChange(change: ShownChange, stream: NodeJS.WritableStream): string[] {
  const [mark, color] = MARKS[change.action]
  const notes = [...(change.overridden ? ['the catalog names it itself'] : []), ...(change.assumed.length === 0 ? [] : [`${change.assumed.join(' and ')} assumed`])]
  const head = `  ${paint(stream, color, mark)} ${change.provider}/${change.model}${notes.length === 0 ? '' : `  (${notes.join('; ')})`}`
  if (change.action === 'removed') return [head]
  if (change.action === 'added') return [`${head}: ${change.prices.slice(0, 4).map(({ price, after }) => `${price} ${after}`).join(', ')}${change.prices.length > 4 ? ', …' : ''}`]
  if (change.action === 'disagreeing') return [head, ...change.sources.map(({ source, per_million: prices }) => `      ${source.padEnd(14)} ${Object.entries(prices).map(([bucket, amount]) => `${bucket} ${amount}`).join(', ')}`)]
  return [head, ...change.prices.map(({ price, before, after, percent }) => `      ${price}: ${before ?? 'none'} → ${after ?? 'none'}${percent === null ? '' : ` (${percent.startsWith('-') ? '' : '+'}${percent} %)`}`)]
}
