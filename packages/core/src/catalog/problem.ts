// What can be wrong with a catalog, as data: where, how bad, a stable code, a sentence that says what to do, and the text
// that would be right where one is known. An error keeps a catalog from being published; a warning does not.

export type CatalogPath = readonly (string | number)[]

export type CatalogProblem = {
  readonly level: 'error' | 'warning'
  readonly code: CatalogProblemCode
  /** Where in the document: `['plans', 0, 'prices', 1, 'amount']`. */
  readonly path: CatalogPath
  readonly message: string
  /** What to write instead, where it is known. */
  readonly suggestion: string | null
}

export type CatalogProblemCode =
  | 'invalid_id'
  | 'invalid_name'
  | 'invalid_currency'
  | 'invalid_decimal'
  | 'too_many_digits'
  | 'out_of_range'
  | 'invalid_date'
  | 'duplicate_id'
  | 'empty_list'
  | 'unknown_feature'
  | 'unknown_meter'
  | 'unknown_model'
  | 'unknown_bucket'
  | 'invalid_path'
  | 'unknown_usage'
  | 'unknown_kind'
  | 'invalid_quantity'
  | 'missing_bound'
  | 'missing_header'
  | 'properties_mismatch'
  | 'expression_mismatch'
  | 'invalid_expression'
  | 'too_many_dimensions'
  | 'value_mismatch'
  | 'window_mismatch'
  | 'too_many'
  | 'mixed_scales'
  | 'id_reused'
  | 'two_prices'
  | 'currency_mismatch'
  | 'ambiguous_entries'
  | 'unknown_asset'
  | 'asset_mismatch'
  | 'overage_without_value'
  | 'flat_in_entry'
  | 'scale_too_fine'
  | 'allowance_by_event'
  | 'not_additive'
  | 'tiers_unordered'
  | 'last_tier_closed'
  | 'tier_not_last'
  | 'volume_on_wallet'
  | 'funding_order'
  | 'burn_order'
  | 'burn_order_unused'
  | 'funding_unused'
  | 'allowance_unfunded'
  | 'price_unfunded'
  | 'unpriced_feature'
  | 'unpriced_beyond_allowance'
  | 'no_rate'
  | 'duplicate_rate'
  | 'incomplete_rate'
  | 'invalid_pattern'
  | 'variant_unconditional'
  | 'variant_mixed'
  | 'unknown_provider'
  | 'unknown_plan'
  | 'unknown_allowance'
  | 'unknown_limit'
  | 'parent_circle'
  | 'stage_order'
  | 'provider_name_reused'

/** Collects problems in the order of the document. */
export type Report = {
  readonly error: (path: CatalogPath, code: CatalogProblemCode, message: string, suggestion?: string | null) => void
  readonly warning: (path: CatalogPath, code: CatalogProblemCode, message: string, suggestion?: string | null) => void
  readonly problems: readonly CatalogProblem[]
}

export function openReport(): Report {
  const problems: CatalogProblem[] = []
  return {
    problems,
    error: (path, code, message, suggestion = null) => void problems.push({ level: 'error', code, path, message, suggestion }),
    warning: (path, code, message, suggestion = null) => void problems.push({ level: 'warning', code, path, message, suggestion }),
  }
}

/** `plans[0].prices[1].amount`; the document itself is the empty text. */
export function formatCatalogPath(path: CatalogPath): string {
  return path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`), '')
}

/** ` Did you mean "chat"?`, or nothing. */
export function didYouMean(suggestion: string | null): string {
  return suggestion === null ? '' : ` Did you mean ${JSON.stringify(suggestion)}?`
}
