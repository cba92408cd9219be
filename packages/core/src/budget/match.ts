// Which budgets a request draws on: those whose entity, features and conditions it meets, and of each template the instance of
// its values. Admission, booking on a node and settlement all ask here, so that what was held is what is booked. The limits of
// a snapshot are indexed once, so that a request touches only its own budgets, however many there are; what is remembered
// about a snapshot never changes an answer.

import type { CustomerSnapshot } from '../entitlement/snapshot.ts'
import type { EntityId } from '../id.ts'
import { INSTANCES_INDEXED_MAX } from '../limits.ts'
import type { UsageEvent } from '../meter/event.ts'
import { contains, instant, type Instant, type Span } from '../time.ts'
import { applies } from './applies.ts'
import type { Budget } from './budget.ts'

/** What of a request decides which budgets it draws on. Equal at admission and at settlement. */
export type Attributes = {
  readonly feature: string | null
  readonly entity: EntityId | null
  readonly key: string | null
  readonly run: string | null
  readonly model: string | null
  readonly dimensions: Readonly<Record<string, string>>
}

/** The same of an event: what its node matched by and the event does not show stands in its settlement. */
export function attributesOf(event: Pick<UsageEvent, 'feature' | 'entity' | 'key' | 'run' | 'dimensions' | 'settled'>): Attributes {
  const { feature, entity, key, run, settled } = event
  const dimensions = settled?.scope === undefined ? event.dimensions : { ...event.dimensions, ...settled.scope }
  return { feature, entity, key, run, model: null, dimensions }
}

/** Kinds of entity: nodes of the tree under a customer. */
export const ENTITY_KINDS = ['organisation', 'department', 'team', 'project', 'user', 'agent'] as const
export type EntityKind = (typeof ENTITY_KINDS)[number]

/** A rule of the snapshot with the budgets that were made of it. */
type Entry = { readonly rule: Budget; readonly isPlain: boolean; readonly instances: Map<string, Budget> }
type Index = {
  readonly byId: ReadonlyMap<string, Entry>
  /** Rules that any request may meet. */
  readonly general: readonly Entry[]
  readonly byEntity: ReadonlyMap<string, readonly Entry[]>
  /** By an attribute that must have one of few values, then by value. */
  readonly byValue: ReadonlyMap<string, ReadonlyMap<string, readonly Entry[]>>
  /** Found before, by entity and feature; null where an answer depends on more than those. */
  readonly found: Map<EntityId | null, Map<string | null, readonly Budget[]>> | null
  /** The latest of them: most customers ask for the same again. */
  last: { readonly entity: EntityId | null; readonly feature: string | null; readonly budgets: readonly Budget[] } | null
}

const NO_BUDGETS: readonly Budget[] = []
const NO_PATH: readonly EntityId[] = []
/** Pairs of an entity and a feature whose budgets are remembered for one snapshot; beyond it they are found anew. */
const PAIRS_REMEMBERED_MAX = 10_000
const indexes = new WeakMap<CustomerSnapshot, Index>()

/** The budgets among the snapshot's limits that count a request at `at`, each with its id and period. */
export function limitsFor(snapshot: CustomerSnapshot, request: Attributes, at: Instant): readonly Budget[] {
  if (snapshot.limits.length === 0) return NO_BUDGETS
  const index = indexOf(snapshot)
  if (index.found === null) return find(index, snapshot, request, at)
  const { entity, feature } = request
  const { last } = index
  if (last !== null && last.entity === entity && last.feature === feature) return last.budgets
  const budgets = index.found.get(entity)?.get(feature) ?? remember(index.found, find(index, snapshot, request, at), request)
  index.last = { entity, feature, budgets }
  return budgets
}

/** Whether the budgets of a request follow from its entity and feature: whatever it turns out to have used, they are the same. */
export function isByPair(snapshot: CustomerSnapshot): boolean {
  return snapshot.limits.length === 0 || indexOf(snapshot).found !== null
}

function remember(known: NonNullable<Index['found']>, budgets: readonly Budget[], { entity, feature }: Attributes): readonly Budget[] {
  if (known.size >= PAIRS_REMEMBERED_MAX) known.clear()
  const ofEntity = known.get(entity) ?? new Map<string | null, readonly Budget[]>()
  known.set(entity, ofEntity)
  if (ofEntity.size < PAIRS_REMEMBERED_MAX / known.size) ofEntity.set(feature, budgets)
  return budgets
}

function find(index: Index, snapshot: CustomerSnapshot, request: Attributes, at: Instant): readonly Budget[] {
  const found: Budget[] = []
  for (const entry of index.general) collect(entry, snapshot, request, at, found)
  if (index.byEntity.size > 0 && request.entity !== null) {
    collectAll(index.byEntity.get(request.entity), snapshot, request, at, found)
    for (const parent of pathOf(snapshot, request.entity)) collectAll(index.byEntity.get(parent), snapshot, request, at, found)
  }
  for (const [attribute, byValue] of index.byValue) {
    const value = valueOf(attribute, snapshot, request)
    if (value !== null) collectAll(byValue.get(value), snapshot, request, at, found)
  }
  return found
}

/** The budget of this id whose period holds `at`: a limit, an instance of a template, or a source of funding; undefined for none. */
export function budgetOf(snapshot: CustomerSnapshot, id: string, at: Instant): Budget | undefined {
  for (const source of snapshot.funding) if (source.kind !== 'overage' && source.budget.id === id) return source.budget
  const { byId } = indexOf(snapshot)
  const cut = id.indexOf('@')
  const entry = byId.get(cut < 0 ? id : id.slice(0, cut))
  if (entry === undefined || (entry.rule.terms?.per !== undefined) !== cut >= 0) return undefined
  if (cut < 0) return concrete(entry, '', at)
  const values = valuesIn(id.slice(cut + 1))
  if (values === null || values.length !== entry.rule.terms!.per!.length) return undefined
  const instance = concrete(entry, instanceKey(values), at)
  return instance.id === id ? instance : undefined
}

/** The rule that a budget is an instance of: its own id where it is none. */
export function ruleIdOf(budget: string): string {
  const cut = budget.indexOf('@')
  return cut < 0 ? budget : budget.slice(0, cut)
}

/** The id of a template's budget for these values, in the order of its `per`. */
export function instanceId(rule: string, values: readonly string[]): string {
  return `${rule}@${values.map(encoded).join(',')}`
}

/** Longer values are told by their beginning, length and hash, so that an id fits a key of the database; they may then share a budget, never escape it. */
const VALUE_LENGTH_MAX = 96
const VALUE_BEGINNING = 64

function encoded(value: string): string {
  return encodeURIComponent(value.length <= VALUE_LENGTH_MAX ? value.toWellFormed() : `${value.slice(0, VALUE_BEGINNING).toWellFormed()}~${value.length}~${hash(value)}`)
}

/** FNV-1a, 64 bits. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n
  for (let index = 0; index < text.length; index++) value = ((value ^ BigInt(text.charCodeAt(index))) * 0x100000001b3n) & 0xffffffffffffffffn
  return value.toString(36)
}

/** Cycle of a budget that holds `at`; its whole period where it has none. */
export function cycleAt(budget: Pick<Budget, 'period' | 'terms'>, at: Instant): Span {
  const cycleMs = budget.terms?.cycleMs
  if (cycleMs === undefined) return budget.period
  const start = budget.period.start + Math.floor((at - budget.period.start) / cycleMs) * cycleMs
  return { start: instant(start), end: instant(Math.min(start + cycleMs, budget.period.end)) }
}

function indexOf(snapshot: CustomerSnapshot): Index {
  const known = indexes.get(snapshot)
  if (known !== undefined) return known
  const general: Entry[] = []
  const byId = new Map<string, Entry>()
  const byEntity = new Map<string, Entry[]>()
  const byValue = new Map<string, Map<string, Entry[]>>()
  for (const rule of snapshot.limits) {
    const { where, per, cycleMs } = rule.terms ?? {}
    const entry: Entry = { rule, isPlain: per === undefined && cycleMs === undefined, instances: new Map() }
    byId.set(rule.id, entry)
    const [attribute, values] = Object.entries(where ?? {})[0] ?? (rule.features === null ? [] : ['feature', rule.features])
    if (rule.entity !== null) push(byEntity, rule.entity, entry)
    else if (attribute !== undefined && values !== undefined) {
      const ofAttribute = byValue.get(attribute) ?? new Map<string, Entry[]>()
      byValue.set(attribute, ofAttribute)
      for (const value of values) push(ofAttribute, value, entry)
    } else general.push(entry)
  }
  const isPlain = snapshot.limits.every(({ terms }) => terms?.where === undefined && terms?.per === undefined && terms?.cycleMs === undefined)
  const index: Index = { general, byId, byEntity, byValue, found: isPlain ? new Map() : null, last: null }
  indexes.set(snapshot, index)
  return index
}

function push(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const entries = map.get(key)
  if (entries === undefined) map.set(key, [entry])
  else if (!entries.includes(entry)) entries.push(entry)
}

function collectAll(entries: readonly Entry[] | undefined, snapshot: CustomerSnapshot, request: Attributes, at: Instant, found: Budget[]): void {
  if (entries !== undefined) for (const entry of entries) collect(entry, snapshot, request, at, found)
}

function collect(entry: Entry, snapshot: CustomerSnapshot, request: Attributes, at: Instant, found: Budget[]): void {
  const { rule } = entry
  if (!applies(rule, snapshot, request)) return
  const { terms } = rule
  if (terms?.where !== undefined && !meets(terms.where, snapshot, request)) return
  if (entry.isPlain) return void found.push(rule)
  const per = terms?.per
  if (per === undefined) return void found.push(concrete(entry, '', at))
  const first = valueOf(per[0]!, snapshot, request)
  if (first === null) return
  if (per.length === 1) return void found.push(concrete(entry, first, at))
  const values = [first]
  for (let position = 1; position < per.length; position++) {
    const value = valueOf(per[position]!, snapshot, request)
    if (value === null) return
    values.push(value)
  }
  found.push(concrete(entry, instanceKey(values), at))
}

function meets(where: NonNullable<NonNullable<Budget['terms']>['where']>, snapshot: CustomerSnapshot, request: Attributes): boolean {
  for (const attribute in where) {
    const value = valueOf(attribute, snapshot, request)
    if (value === null || !where[attribute]!.includes(value)) return false
  }
  return true
}

/** Values of several attributes as one key; a single value is its own. */
function instanceKey(values: readonly string[]): string {
  return values.length === 1 ? values[0]! : values.map(encoded).join(',')
}

/** The budget of a rule for one key at one instant, remembered: its id is a text that is hashed once. */
function concrete(entry: Entry, key: string, at: Instant): Budget {
  const known = entry.instances.get(key)
  if (known !== undefined && contains(known.period, at)) return known
  const { rule } = entry
  const made: Budget = { ...rule, period: cycleAt(rule, at), ...named(rule, key) }
  if (entry.instances.size >= INSTANCES_INDEXED_MAX) entry.instances.clear()
  entry.instances.set(key, made)
  return made
}

function named({ id, name, terms }: Budget, key: string): { readonly id: string; readonly name: string } {
  if (terms?.per === undefined) return { id, name }
  const values = terms.per.length === 1 ? [key] : key.split(',').map(decodeURIComponent)
  return { id: instanceId(id, values), name: `${name} (${values.join(', ')})` }
}

function valuesIn(text: string): string[] | null {
  try {
    return text.split(',').map(decodeURIComponent)
  } catch {
    return null
  }
}

function pathOf(snapshot: CustomerSnapshot, entity: EntityId): readonly EntityId[] {
  return snapshot.entityPaths[entity] ?? NO_PATH
}

/** What a request has for an attribute; null for nothing. Of entities the nearest of the kind counts. */
export function valueOf(attribute: string, snapshot: CustomerSnapshot, request: Attributes): string | null {
  switch (attribute) {
    case 'feature':
      return request.feature
    case 'model':
      return request.dimensions['model'] ?? request.model
    case 'key':
      return request.key
    case 'run':
      return request.run
    case 'organisation':
    case 'department':
    case 'team':
    case 'project':
    case 'user':
    case 'agent':
      return entityOf(attribute, snapshot, request.entity)
    default:
      return request.dimensions[attribute] ?? null
  }
}

function entityOf(kind: EntityKind, snapshot: CustomerSnapshot, entity: EntityId | null): string | null {
  const kinds = snapshot.entityKinds
  if (entity === null || kinds === undefined) return null
  if (kinds[entity] === kind) return entity
  for (const parent of pathOf(snapshot, entity)) if (kinds[parent] === kind) return parent
  return null
}
