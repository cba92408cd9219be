// The words of a catalog plan: one line a change, grouped by plan, with before → after and how many customers each plan has.
// It prints what diff.ts found and decides nothing.

import type { CatalogChange, FieldChange } from '../app/catalog/diff.ts'
import { paint } from './output.ts'

type PlannedChanges = {
  readonly changes: readonly CatalogChange[]
  /** Customers of each plan that is touched. */
  readonly customersTouched: Readonly<Record<string, number>>
  /** When those on a plan that changes follow. */
  readonly migrations?: readonly Migrating[]
}

type Migrating = { readonly plan: string; readonly migration: 'now' | 'at_renewal' | 'keep'; readonly customers: number; readonly on_earlier: readonly { readonly version: number; readonly customers: number }[] }

const MARKS = { added: '+', removed: '-', changed: '~' } as const
const COLORS = { added: 'green', removed: 'red', changed: 'yellow' } as const

/** Lines for a terminal; `stream` is where they go, which decides about colour. */
export function renderChanges(planned: PlannedChanges, stream: NodeJS.WritableStream): string {
  const lines: string[] = []
  const done = new Set<string>()
  for (const change of planned.changes) {
    if (change.plan === null) lines.push(...renderChange(change, stream).map((line) => `  ${line}`))
    else if (!done.has(change.plan)) {
      done.add(change.plan)
      lines.push(...renderPlan(change.plan, planned, stream))
    }
  }
  return [...lines, ...renderMigrations(planned.migrations ?? [], stream), '', summary(planned)].join('\n')
}

/** Who follows a change and when, where somebody is on the plan. */
function renderMigrations(migrations: readonly Migrating[], stream: NodeJS.WritableStream): string[] {
  const lines = migrations.filter(({ customers }) => customers > 0).map(({ plan, migration, customers, on_earlier: earlier }) => {
    const from = earlier.length === 0 ? '' : ` (${earlier.map((one) => `${one.customers} of them on that of version ${one.version}`).join(', ')})`
    return `  ${plan}: ${count(customers, 'customer')}${from}: ${FOLLOWING[migration]}`
  })
  return lines.length === 0 ? [] : ['', paint(stream, 'bold', 'Who is on these plans'), ...lines]
}

const FOLLOWING = {
  now: 'follow at once; limits and allowances of running periods change, what was used stays used, wallets stay',
  at_renewal: 'follow with their first billing period after it; the running one, its allowances and wallets stay',
  keep: 'keep the plan as it is now; who comes later gets the new one',
} as const

function renderPlan(plan: string, planned: PlannedChanges, stream: NodeJS.WritableStream): string[] {
  const changes = planned.changes.filter((change) => change.plan === plan)
  const whole = changes.find(({ kind, action }) => kind === 'plan' && action !== 'changed')
  const action = whole?.action ?? 'changed'
  const customers = planned.customersTouched[plan] ?? 0
  const note = customers === 0 ? '' : `  (${count(customers, 'customer')}${action === 'removed' ? ': move them first, or it is refused' : ''})`
  const parts = changes.filter((change) => change !== whole)
  return [`  ${mark(action, stream)} plan ${plan}${note}`, ...parts.flatMap((change) => renderChange(change, stream).map((line) => `      ${line}`))]
}

function renderChange(change: CatalogChange, stream: NodeJS.WritableStream): string[] {
  const { action, kind, id, fields } = change
  const name = kind === 'order' ? `order of ${id}` : kind === id || kind === 'plan' || kind === 'catalog' || kind === 'gateway' ? kind : `${kind.replaceAll('_', ' ')} ${id}`
  if (action === 'changed') return fields.map((field) => `${mark(action, stream)} ${name}${kind === 'order' ? '' : `.${field.field}`}: ${shown(field.before)} → ${shown(field.after)}`)
  return [`${mark(action, stream)} ${name}${details(fields, action)}`]
}

/** What an item is or was, without what its name says already. */
function details(fields: readonly FieldChange[], action: 'added' | 'removed'): string {
  const told = fields.filter(({ field }) => !['id', 'name', 'provider', 'model', 'from', 'feature'].includes(field) || field === 'model')
  const parts = told.map(({ field, before, after }) => ({ field, value: action === 'added' ? after : before })).filter(({ value }) => !isEmpty(value))
  return parts.length === 0 ? '' : `: ${parts.map(({ field, value }) => `${field} ${shown(value)}`).join(', ')}`
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0)
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'none'
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
  if (typeof value === 'object') return `{ ${Object.entries(value).map(([key, part]) => `${key}: ${shown(part)}`).join(', ')} }`
  return String(value)
}

function summary(planned: PlannedChanges): string {
  const total = (action: CatalogChange['action']): number => planned.changes.filter((change) => change.action === action).length
  const customers = Object.values(planned.customersTouched).reduce((sum, number) => sum + number, 0)
  return `${total('added')} added, ${total('changed')} changed, ${total('removed')} removed; ${count(customers, 'customer')} touched.`
}

function mark(action: CatalogChange['action'], stream: NodeJS.WritableStream): string {
  return paint(stream, COLORS[action], MARKS[action])
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}
