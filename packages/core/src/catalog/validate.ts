// All that can be wrong with a catalog document as a whole, found at once: references, ids, tiers, scales, who pays, rates.
// Guarantee: a document without errors compiles, and none of its prices stops the rating by an assertion. Pure; the form of
// the YAML file is checked before, where its lines are known.

import { matchesPattern, withoutDate } from '../rating/rate-match.ts'
import { METER_DIMENSIONS_MAX } from '../limits.ts'
import { QUANTITY_SCALE_MAX } from '../quantity.ts'
import { validateCreditPrices } from './credit-price.ts'
import type { CatalogDocument, CreditAssetDocument, FeatureDocument, MeterDocument, RateDocument } from './document.ts'
import { nearest } from './nearest.ts'
import { didYouMean, openReport, type CatalogPath, type CatalogProblem, type Report } from './problem.ts'
import { checkAmount, checkCurrency, checkId, checkInteger, checkLabel, checkName, checkUnique } from './validate-field.ts'
import { validateGatewayRules } from './validate-gateway-rules.ts'
import { withParents } from './inherit.ts'
import { validateSubscriptionParts } from './validate-subscription.ts'
import { checkIdsAcrossPlans, validatePlan } from './validate-plan.ts'
import { validateRateCard, validateTerms } from './validate-rates.ts'

/** Rates beside the document's own; `isComplete` false where there may be more of them that nobody can see here. */
export type OtherRates = { readonly rates: readonly RateDocument[]; readonly isComplete: boolean }

/** Every error and warning, in the order of the document's sections. */
export function validateCatalog(document: CatalogDocument, others: OtherRates = { rates: [], isComplete: true }): readonly CatalogProblem[] {
  const report = openReport()
  const rates = [...document.rate_card, ...others.rates]
  checkCurrency(document.currency, ['currency'], report)
  validateFeatures(document.features, report)
  validateMeters(document.meters, report)
  const context = {
    currency: document.currency,
    assets: new Map(document.credit_assets.map((asset) => [asset.id, asset])),
    features: new Map(document.features.map((feature) => [feature.id, feature])),
    meters: new Map(document.meters.map((meter) => [meter.id, meter])),
    models: modelNames(document, rates),
  }
  checkUnique(document.plans.map(({ id }) => id), { what: 'plan', path: ['plans'], field: 'id' }, report)
  const { plans } = withParents(document)
  for (const [index, plan] of plans.entries()) validatePlan(plan, ['plans', index], context, report)
  validateSubscriptionParts(document, plans, report)
  checkIdsAcrossPlans(document.plans, report)
  validateCreditAssets(document.credit_assets, report)
  validateCreditPrices(document, report)
  validateRateCard(document.rate_card, report)
  validateTerms(document.provider_terms ?? [], rates, report)
  validateGateway(document, { rates, isComplete: others.isComplete }, report)
  validateGatewayRules(document.gateway, document, report)
  return report.problems
}

function validateFeatures(features: readonly FeatureDocument[], report: Report): void {
  checkUnique(features.map(({ id }) => id), { what: 'feature', path: ['features'], field: 'id' }, report)
  for (const [index, feature] of features.entries()) {
    checkId(feature.id, ['features', index, 'id'], report)
    checkName(feature.name, ['features', index, 'name'], report)
  }
}

function validateMeters(meters: readonly MeterDocument[], report: Report): void {
  checkUnique(meters.map(({ id }) => id), { what: 'meter', path: ['meters'], field: 'id' }, report)
  for (const [index, meter] of meters.entries()) validateMeter(meter, ['meters', index], report)
}

function validateMeter(meter: MeterDocument, path: CatalogPath, report: Report): void {
  checkId(meter.id, [...path, 'id'], report)
  checkName(meter.name, [...path, 'name'], report)
  checkName(meter.unit, [...path, 'unit'], report)
  checkLabel(meter.event_type, [...path, 'event_type'], report)
  checkInteger(meter.scale, { min: 0, max: QUANTITY_SCALE_MAX }, [...path, 'scale'], report)
  validateReading(meter, path, report)
  validateDimensions(meter, path, report)
  for (const [dimension, accepted] of Object.entries(meter.filter)) {
    if (accepted.length === 0) report.error([...path, 'filter', dimension], 'empty_list', `the filter on ${dimension} accepts no value, so meter ${meter.id} would count nothing.`)
  }
}

/** What a meter reads of an event must fit how it aggregates. */
function validateReading(meter: MeterDocument, path: CatalogPath, report: Report): void {
  const expression = meter.expression ?? null
  checkUnique(meter.properties, { what: 'property', path: [...path, 'properties'], field: null, why: 'it would be counted twice' }, report)
  for (const [index, property] of meter.properties.entries()) checkLabel(property, [...path, 'properties', index], report)
  const wrong = (message: string) => report.error([...path, 'properties'], 'properties_mismatch', message)
  if (meter.aggregation === 'count' || meter.aggregation === 'unique_count') {
    if (expression !== null) report.error([...path, 'expression'], 'expression_mismatch', `meter ${meter.id} works out no quantity: \`${meter.aggregation}\` counts. Remove the expression.`)
    if (meter.aggregation === 'count' && meter.properties.length > 0) wrong(`meter ${meter.id} counts events and reads no property: use \`aggregation: sum\`, or remove the properties.`)
    if (meter.aggregation === 'unique_count' && meter.properties.length !== 1) wrong(`meter ${meter.id} counts the distinct values of one property of the event: name that one, such as \`properties: [user_id]\`.`)
    return
  }
  if (expression !== null && meter.properties.length > 0) wrong(`meter ${meter.id} has both properties and an expression: leave one of them out.`)
  if (expression === null && meter.properties.length === 0) {
    wrong(meter.aggregation === 'sum'
      ? `meter ${meter.id} sums nothing: name the numeric properties of the event that add up, or use \`aggregation: count\`.`
      : `meter ${meter.id} reads nothing: name the numeric property of the event, or give an expression.`)
  }
}

function validateDimensions(meter: MeterDocument, path: CatalogPath, report: Report): void {
  const dimensions = meter.dimensions ?? []
  checkUnique(dimensions, { what: 'dimension', path: [...path, 'dimensions'], field: null }, report)
  if (dimensions.length > METER_DIMENSIONS_MAX) report.error([...path, 'dimensions'], 'too_many_dimensions', `meter ${meter.id} has ${dimensions.length} dimensions; at most ${METER_DIMENSIONS_MAX}, because each combination of values is a row of its own.`)
  for (const [index, dimension] of dimensions.entries()) {
    checkLabel(dimension, [...path, 'dimensions', index], report)
    if (ALWAYS_DIMENSIONS.includes(dimension)) report.error([...path, 'dimensions', index], 'duplicate_id', `usage can be broken down by ${dimension} without naming it here.`)
  }
}

/** Every meter is broken down by these. */
const ALWAYS_DIMENSIONS: readonly string[] = ['model', 'feature', 'entity', 'customer']

function validateCreditAssets(assets: readonly CreditAssetDocument[], report: Report): void {
  checkUnique(assets.map(({ id }) => id), { what: 'credit asset', path: ['credit_assets'], field: 'id' }, report)
  for (const [index, asset] of assets.entries()) {
    checkId(asset.id, ['credit_assets', index, 'id'], report)
    checkName(asset.name, ['credit_assets', index, 'name'], report)
    checkCurrency(asset.currency, ['credit_assets', index, 'currency'], report)
    if (asset.value !== undefined && asset.value !== null) checkAmount(asset.value, asset.currency, ['credit_assets', index, 'value'], report)
  }
}

function validateGateway(document: CatalogDocument, { rates, isComplete }: OtherRates, report: Report): void {
  const { gateway } = document
  const features = document.features.map(({ id }) => id)
  if (!features.includes(gateway.feature)) {
    const suggestion = nearest(gateway.feature, features)
    report.error(['gateway', 'feature'], 'unknown_feature', `there is no feature ${gateway.feature}, which requests at the gateway would use.${didYouMean(suggestion)}`, suggestion)
  }
  checkUnique(gateway.models.map(({ name }) => name), { what: 'model', path: ['gateway', 'models'], field: 'name' }, report)
  const rated = ratedNames(rates)
  const patterns = rates.flatMap((rate) => rate.patterns ?? [])
  for (const [index, model] of gateway.models.entries()) {
    const path = ['gateway', 'models', index]
    checkLabel(model.name, [...path, 'name'], report)
    checkLabel(model.model, [...path, 'model'], report)
    if (model.upstream !== null) checkId(model.upstream, [...path, 'upstream'], report)
    if (rated.has(model.model) || rated.has(withoutDate(model.model)) || patterns.some((pattern) => matchesPattern(pattern, model.model))) continue
    const suggestion = nearest(model.model, rated)
    report[isComplete ? 'error' : 'warning']([...path, 'model'], 'no_rate', `the rate card has no entry for ${model.model}, so neither its cost nor the most that a request can use is known.${didYouMean(suggestion)}`, suggestion)
  }
}

function ratedNames(rates: readonly RateDocument[]): ReadonlySet<string> {
  return new Set(rates.flatMap((rate) => [rate.model, ...rate.aliases]))
}

/** What a plan may name: the gateway's names, and all that the rate card knows, families included. */
function modelNames(document: CatalogDocument, rates: readonly RateDocument[]): ReadonlySet<string> {
  const patterns = rates.flatMap((rate) => rate.patterns ?? [])
  const named = document.plans.flatMap((plan) => plan.entitlements.flatMap(({ models }) => models))
  const matched = named.filter((model) => patterns.some((pattern) => matchesPattern(pattern, model)))
  return new Set([...document.gateway.models.map(({ name }) => name), ...ratedNames(rates), ...matched])
}
