// To whom and to what a request counts: customer, entity, feature, run and tags, out of its key, its headers and the catalog's rules.
// What a key says stands above what a header says: a tenant must not talk its way out of its own budget.

import { DIMENSION_LENGTH_MAX, type Catalog, type CustomerId, type EntityId, type KeyRecord } from '@tollgate/core'
import type { Known } from '../../hot/contract.ts'
import type { Exchange } from '../exchange.ts'
import { invalidRequest } from '../refusal.ts'

export type Attribution = { readonly entity: EntityId | null; readonly feature: string; readonly run: string | null; readonly tags: Readonly<Record<string, string>> }

/** @throws {RequestRefused} 400 where an operator's key names no customer. */
export function customerOf(exchange: Exchange, key: KeyRecord): CustomerId {
  if (key.customer !== null) return key.customer
  const named = exchange.request.headers['x-tollgate-customer']
  if (typeof named === 'string' && /^cus_[A-Za-z0-9_-]{1,60}$/.test(named)) return named as CustomerId
  throw invalidRequest('This is an operator key: say for whom the request is, with the header x-tollgate-customer: cus_…', { code: 'customer_required' })
}

export function attributionOf(exchange: Exchange, key: KeyRecord, { snapshot, catalog }: Known, path: string): Attribution {
  const { headers } = exchange.request
  const entity = key.entity ?? (label(headers['x-tollgate-entity'], 'x-tollgate-entity') as EntityId | null)
  if (entity !== null && key.entity === null && !Object.hasOwn(snapshot.entityPaths, entity)) {
    throw invalidRequest(`There is no entity ${entity} of this customer: x-tollgate-entity takes the id of one, such as ent_research.`, { code: 'unknown_entity' })
  }
  return {
    entity,
    feature: key.feature ?? label(headers['x-tollgate-feature'], 'x-tollgate-feature') ?? featureByRule(catalog, headers, path) ?? catalog.gatewayFeature,
    run: label(headers['x-tollgate-run'], 'x-tollgate-run'),
    tags: tagsOf(headers, key),
  }
}

type Headers = Exchange['request']['headers']

function featureByRule({ featureRules }: Catalog, headers: Headers, path: string): string | null {
  for (const rule of featureRules ?? []) {
    if (rule.path !== null && rule.path !== path) continue
    if (rule.header !== null && (headers[rule.header] === undefined || (rule.value !== null && headers[rule.header] !== rule.value))) continue
    return rule.feature
  }
  return null
}

const TAG_PREFIX = 'x-tollgate-tag-'
/** Tags of one request: they become dimensions of its event, which has a bound of its own. */
const TAGS_MAX = 16
const NO_TAGS: Readonly<Record<string, string>> = {}

/** As dimensions: the header x-tollgate-tag-cost-center is `tag_cost_center`. Those that a key pins cannot be overridden. */
function tagsOf(headers: Headers, { tags: pinned }: KeyRecord): Readonly<Record<string, string>> {
  let tags: Record<string, string> | null = null
  for (const name in headers) {
    if (!name.startsWith(TAG_PREFIX)) continue
    tags ??= {}
    const value = label(headers[name], name)
    if (value === null) continue
    if (!/^[a-z][a-z0-9-]{0,39}$/.test(name.slice(TAG_PREFIX.length))) throw invalidRequest(`The header ${name.slice(0, 80)} names a tag that is no word of letters, digits and dashes.`, { code: 'invalid_header' })
    tags[tagDimension(name.slice(TAG_PREFIX.length))] = value
    if (Object.keys(tags).length > TAGS_MAX) throw invalidRequest(`A request may have ${TAGS_MAX} tags.`, { code: 'invalid_header' })
  }
  if (pinned === undefined || pinned === null) return tags ?? NO_TAGS
  tags ??= {}
  for (const name in pinned) tags[tagDimension(name)] = pinned[name]!
  return tags
}

function tagDimension(name: string): string {
  return `tag_${name.replaceAll('-', '_')}`
}

function label(value: string | string[] | undefined, name: string): string | null {
  if (value === undefined || value === '') return null
  if (typeof value === 'string' && value.length <= LABEL_LENGTH_MAX && /^[\x21-\x7e]+$/.test(value)) return value
  throw invalidRequest(`The header ${name.slice(0, 80)} must be one word of at most ${LABEL_LENGTH_MAX} printable ASCII characters.`, { code: 'invalid_header' })
}

const LABEL_LENGTH_MAX = Math.min(128, DIMENSION_LENGTH_MAX)
