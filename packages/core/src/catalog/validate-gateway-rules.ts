// Checks of what the operator adds to the gateway: paths with the rule that meters each, and rules that name features. A path whose use
// cannot be bounded or read is refused here, because at the gateway it would be free.

import { CACHE_TTL_SECONDS_MAX, PROMPT_DAYS_MAX, PROMPT_PATTERN_LENGTH_MAX, PROMPT_PATTERNS_MAX } from '../limits.ts'
import { QUANTITY_SCALE_MAX } from '../quantity.ts'
import { USAGE_SURFACES } from '../usage/read-usage.ts'
import { REDACTED_KINDS, type CacheRuleDocument, type CatalogDocument, type GatewayDocument, type PromptRuleDocument } from './document.ts'
import { nearest } from './nearest.ts'
import { didYouMean, type Report } from './problem.ts'
import { checkId, checkLabel, checkQuantity, checkUnique } from './validate-field.ts'

const PATH = /^\/[A-Za-z0-9._~/-]{1,199}$/
const PROPERTY = /^[a-z][a-z0-9_]{0,63}$/
const PLACE = /^[A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,64}){0,7}$/
const HEADER = /^[a-z0-9-]{1,64}$/

export function validateGatewayRules(gateway: GatewayDocument, document: CatalogDocument, report: Report): void {
  const paths = gateway.paths ?? []
  checkUnique(paths.map(({ path }) => path), { what: 'path', path: ['gateway', 'paths'], field: 'path' }, report)
  for (const [index, rule] of paths.entries()) {
    const at = ['gateway', 'paths', index]
    if (!PATH.test(rule.path)) report.error([...at, 'path'], 'invalid_path', `${JSON.stringify(rule.path)} is no path: write it like /v1/rerank.`)
    checkId(rule.upstream, [...at, 'upstream'], report)
    checkLabel(rule.event_type, [...at, 'event_type'], report)
    if (rule.usage !== null && !(USAGE_SURFACES as readonly string[]).includes(rule.usage)) {
      const suggestion = nearest(rule.usage, USAGE_SURFACES)
      report.error([...at, 'usage'], 'unknown_usage', `${rule.usage} is no shape of usage that is read: one of ${USAGE_SURFACES.join(', ')}.${didYouMean(suggestion)}`, suggestion)
    }
    for (const [property, place] of Object.entries(rule.quantities)) {
      if (!PROPERTY.test(property) || !PLACE.test(place)) report.error([...at, 'quantities', property], 'invalid_quantity', `${property} must be a lower-case word, and its place names of members joined by points, such as meta.billed_units.search_units.`)
      if (rule.bound[property] === undefined) report.error([...at, 'bound'], 'missing_bound', `${property} has no bound: say the most that one request can use, so that it can be held.`)
    }
    for (const [property, most] of Object.entries(rule.bound)) checkQuantity(most, QUANTITY_SCALE_MAX, { aboveZero: false }, [...at, 'bound', property], report)
  }
  const features = document.features.map(({ id }) => id)
  for (const [index, rule] of (gateway.feature_rules ?? []).entries()) {
    const at = ['gateway', 'feature_rules', index]
    const suggestion = nearest(rule.feature, features)
    if (!features.includes(rule.feature)) report.error([...at, 'feature'], 'unknown_feature', `there is no feature ${rule.feature}.${didYouMean(suggestion)}`, suggestion)
    if (rule.header !== null && !HEADER.test(rule.header)) report.error([...at, 'header'], 'invalid_name', `${JSON.stringify(rule.header)} is no header: lower-case letters, digits and dashes.`)
    if (rule.value !== null && rule.header === null) report.error([...at, 'value'], 'missing_header', 'value is compared with a header: name it.')
  }
  const known = { features, plans: document.plans.map(({ id }) => id) }
  for (const [index, rule] of (gateway.cache ?? []).entries()) {
    const at = ['gateway', 'cache', index]
    checkConditions(rule, known, at, report)
    if (!isFrom1To(rule.ttl_seconds, CACHE_TTL_SECONDS_MAX)) report.error([...at, 'ttl_seconds'], 'out_of_range', `must be a whole number of seconds from 1 to ${CACHE_TTL_SECONDS_MAX}, which is 30 days.`)
  }
  for (const [index, rule] of (gateway.bounds ?? []).entries()) {
    const at = ['gateway', 'bounds', index]
    checkConditions(rule, known, at, report)
    for (const field of ['context_max', 'output_max'] as const) if (rule[field] !== null && !isFrom1To(rule[field], TOKENS_MAX)) report.error([...at, field], 'out_of_range', `must be a whole number of tokens from 1 to ${TOKENS_MAX}.`)
    if (rule.context_max === null && rule.output_max === null) report.error(at, 'missing_bound', 'bounds nothing: give context_max, output_max or both.')
  }
  for (const [index, rule] of (gateway.prompts ?? []).entries()) validatePromptRule(rule, known, ['gateway', 'prompts', index], report)
}

/** Whether its patterns can be read is checked where there is something that reads them. */
function validatePromptRule(rule: PromptRuleDocument, known: Known, at: readonly (string | number)[], report: Report): void {
  checkConditions(rule, known, at, report)
  if (!isFrom1To(rule.keep_days, PROMPT_DAYS_MAX)) report.error([...at, 'keep_days'], 'out_of_range', `must be a whole number of days from 1 to ${PROMPT_DAYS_MAX}.`)
  for (const [place, kind] of rule.redact.entries()) {
    const meant = nearest(kind, REDACTED_KINDS)
    if (!(REDACTED_KINDS as readonly string[]).includes(kind)) report.error([...at, 'redact', place], 'unknown_kind', `${kind} is nothing that is known by name: one of ${REDACTED_KINDS.join(', ')}, or a pattern of your own in patterns.${didYouMean(meant)}`, meant)
  }
  if (rule.patterns.length > PROMPT_PATTERNS_MAX) report.error([...at, 'patterns'], 'out_of_range', `has ${rule.patterns.length} patterns, and at most ${PROMPT_PATTERNS_MAX} are looked for.`)
  for (const [place, { name, pattern }] of rule.patterns.entries()) {
    if (!PROPERTY.test(name)) report.error([...at, 'patterns', place, 'name'], 'invalid_name', `${JSON.stringify(name)} stands in the place of what was taken out: a lower-case word.`)
    if (pattern === '' || pattern.length > PROMPT_PATTERN_LENGTH_MAX) report.error([...at, 'patterns', place, 'pattern'], 'out_of_range', `must have 1 to ${PROMPT_PATTERN_LENGTH_MAX} letters.`)
  }
}

const TOKENS_MAX = 1_000_000_000

function isFrom1To(value: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= most
}

type Conditions = Pick<CacheRuleDocument, 'feature' | 'plans'>

type Known = { readonly features: readonly string[]; readonly plans: readonly string[] }

function checkConditions({ feature, plans }: Conditions, known: Known, at: readonly (string | number)[], report: Report): void {
  const suggestion = nearest(feature ?? '', known.features)
  if (feature !== null && !known.features.includes(feature)) report.error([...at, 'feature'], 'unknown_feature', `there is no feature ${feature}.${didYouMean(suggestion)}`, suggestion)
  for (const [place, plan] of (plans ?? []).entries()) {
    const meant = nearest(plan, known.plans)
    if (!known.plans.includes(plan)) report.error([...at, 'plans', place], 'unknown_plan', `there is no plan ${plan}.${didYouMean(meant)}`, meant)
  }
}
