// Catalog text → document, or everything that is wrong with it, each with line and column. Three passes, each of which
// tells all it finds: the YAML itself, the shape of its fields, and whether the parts fit each other.

import { CATALOG_PROBLEMS_MAX, didYouMean, formatCatalogPath, InputError, nearest, validateCatalog, type CatalogDocument, type CatalogPath, type RateDocument } from '@tollgate/core'
import type * as z from 'zod'
import { compileExpression } from '../../platform/meter-expression.ts'
import { patternFault } from '../../platform/redaction.ts'
import { shippedRates } from '../rates/effective-rates.ts'
import type { CatalogIssue, UnplacedIssue } from './issue.ts'
import { mergeSources, type MergedSource } from './overlay.ts'
import { catalogSchema } from './schema.ts'
import { readYaml, type YamlSource } from './yaml-source.ts'

/** A file that is laid over the catalog. */
export type OverlayText = { readonly name: string; readonly source: string }

export type ParsedCatalog =
  | { readonly kind: 'valid'; readonly document: CatalogDocument; readonly warnings: readonly CatalogIssue[] }
  | { readonly kind: 'invalid'; readonly issues: readonly CatalogIssue[] }

/** `imported`: the rates that were imported where the catalog will be in force; null where that is not known. `overlays` are laid over `text`, the last on top. */
export function parseCatalog(text: string, imported: readonly RateDocument[] | null = null, overlays: readonly OverlayText[] = []): ParsedCatalog {
  const files = [{ name: '', text }, ...overlays.map(({ name, source }) => ({ name, text: source }))].map(({ name, text: content }, index) => ({ name: index === 0 ? null : name, source: readYaml(content) }))
  const faults = files.flatMap(({ name, source }) => (source.kind === 'faulty' ? source.faults.map((fault): CatalogIssue => ({ level: 'error', path: '', suggestion: null, ...fault, ...fileOf(name) })) : []))
  if (faults.length > 0) return { kind: 'invalid', issues: faults }
  const merged = mergeSources(files.map(({ name, source }) => ({ name: name ?? '', source: source as Extract<YamlSource, { kind: 'read' }> })))
  if (merged.faults.length > 0) return { kind: 'invalid', issues: merged.faults.map(({ file, ...fault }) => ({ level: 'error', path: '', suggestion: null, ...fault, ...fileOf(file) })) }
  const shaped = catalogSchema.safeParse(merged.value, { reportInput: true })
  if (!shaped.success) return { kind: 'invalid', issues: placed(withoutTypoShadows(shaped.error.issues.map(explain)), merged) }
  const document: CatalogDocument = shaped.data
  const problems = placed([...validateCatalog(document, { rates: [...(imported ?? []), ...shippedRates()], isComplete: imported !== null }).map((problem) => ({ ...problem, atKey: false })), ...expressionIssues(document), ...patternIssues(document)], merged)
  return problems.some(({ level }) => level === 'error') ? { kind: 'invalid', issues: problems } : { kind: 'valid', document, warnings: problems }
}

function fileOf(file: string | null): { readonly file?: string } {
  return file === null ? {} : { file }
}

/** Expressions are compiled here, because core knows no expression language. */
function expressionIssues(document: CatalogDocument): UnplacedIssue[] {
  return document.meters.flatMap((meter, index): UnplacedIssue[] => {
    if (meter.expression === undefined || meter.expression === null) return []
    try {
      compileExpression(meter.expression, meter.id)
      return []
    } catch (cause) {
      if (!(cause instanceof InputError)) throw cause
      return [error(['meters', index, 'expression'], cause.code, `the expression of meter ${meter.id} is refused: ${cause.message}`)]
    }
  })
}

/** Patterns too, for the same reason. */
function patternIssues({ gateway }: CatalogDocument): UnplacedIssue[] {
  return (gateway.prompts ?? []).flatMap(({ patterns }, rule) => patterns.flatMap(({ pattern }, index) => {
    const fault = patternFault(pattern)
    return fault === null ? [] : [error(['gateway', 'prompts', rule, 'patterns', index, 'pattern'], 'invalid_pattern', fault)]
  }))
}

/** In the order of the file, errors and warnings together; at most as many as anybody reads. */
function placed(issues: readonly UnplacedIssue[], source: MergedSource): CatalogIssue[] {
  const all = issues.map(({ atKey, path, ...issue }): CatalogIssue => {
    const { file, ...place } = source.locate(path, atKey)
    return { ...issue, path: formatCatalogPath(path), ...place, ...fileOf(file) }
  })
  // What stands behind an alias is found at each use, but is one mistake.
  const once = new Map(all.map((issue) => [`${issue.file ?? ''} ${issue.line} ${issue.column} ${issue.message}`, issue]))
  const ordered = [...once.values()].sort((a, b) => (a.file ?? '').localeCompare(b.file ?? '') || a.line - b.line || a.column - b.column)
  if (ordered.length <= CATALOG_PROBLEMS_MAX) return ordered
  // Errors must not be lost behind a hundred warnings.
  const errors = ordered.filter(({ level }) => level === 'error')
  return (errors.length > 0 ? errors : ordered).slice(0, CATALOG_PROBLEMS_MAX)
}

/** A misspelt field is not missing as well. */
function withoutTypoShadows(issues: readonly UnplacedIssue[]): UnplacedIssue[] {
  const meant = new Set(issues.filter(({ code }) => code === 'unknown_field').map(({ path, suggestion }) => formatCatalogPath([...path.slice(0, -1), suggestion ?? ''])))
  return issues.filter(({ code, path }) => code !== 'missing_field' || !meant.has(formatCatalogPath(path)))
}

/** One of zod's issues in the words of a catalog. */
function explain(issue: z.core.$ZodIssue): UnplacedIssue {
  const path = issue.path.filter((part): part is string | number => typeof part !== 'symbol')
  const field = lastWord(path)
  switch (issue.code) {
    case 'custom':
      return issue.params?.code === 'unknown_field' ? unknownField(path, issue.params, issue.input) : error(path, 'invalid_decimal', `${field}: ${issue.message}`, textOrNull(issue.params?.suggestion))
    case 'invalid_type':
      return wrongType(path, issue.expected, issue.input)
    case 'invalid_value':
      return wrongChoice(path, issue.values.map(String), issue.input)
    case 'invalid_union':
      return wrongChoice(path, 'options' in issue ? (issue.options ?? []).map(String) : [], choiceOf(issue))
    case 'too_small':
      return error(path, 'empty_text', `${field} is empty.`)
    default:
      return error(path, 'invalid_field', `${field}: ${issue.message}.`)
  }
}

function unknownField(path: CatalogPath, params: Readonly<Record<string, unknown>>, input: unknown): UnplacedIssue {
  const known = params.known as readonly string[]
  const field = lastWord(path)
  if (input === null && /^\d{3}$/.test(field)) {
    return { ...error(path, 'unknown_field', `a comma ends a value between braces, so ${field} became a field: write numbers without thousands separators.`), atKey: true }
  }
  const suggestion = nearest(field, known)
  const hint = suggestion === null ? ` Its fields are ${known.join(', ')}.` : didYouMean(suggestion)
  return { ...error(path, 'unknown_field', `${String(params.title).toLowerCase()} has no field ${JSON.stringify(field)}.${hint}`, suggestion), atKey: true }
}

const KINDS: Readonly<Record<string, string>> = { string: 'text or a number', object: 'fields (key: value)', record: 'fields (key: value)', array: 'a list' }

function wrongType(path: CatalogPath, expected: string, input: unknown): UnplacedIssue {
  const field = lastWord(path)
  if (input === undefined) return error(path, 'missing_field', `${field} is missing.`)
  const wanted = KINDS[expected] ?? expected
  if (input === null) return error(path, 'empty_field', `${field} is empty where ${wanted} belongs${expected === 'array' ? '; [] is an empty one' : ''}.`)
  const given = Array.isArray(input) ? 'a list' : typeof input === 'object' ? 'fields' : `the text ${JSON.stringify(String(input).slice(0, 40))}`
  return error(path, 'wrong_type', `${path.length === 0 ? 'a catalog' : field} must be ${wanted}, not ${given}.`)
}

function wrongChoice(path: CatalogPath, options: readonly string[], input: unknown): UnplacedIssue {
  const field = lastWord(path)
  const listed = options.join(', ')
  if (input === undefined) return error(path, 'missing_field', `${field} is missing: one of ${listed}.`)
  const suggestion = typeof input === 'string' ? (options.length === 2 && options.includes('true') ? BOOLEANS[input.toLowerCase()] ?? null : nearest(input, options)) : null
  const given = typeof input === 'string' ? JSON.stringify(input.slice(0, 40)) : input === null ? 'empty' : 'no text'
  return error(path, 'unknown_choice', `${field} is ${given}; it must be one of ${listed}.${didYouMean(suggestion)}`, suggestion)
}

const BOOLEANS: Readonly<Record<string, string>> = { yes: 'true', on: 'true', true: 'true', y: 'true', '1': 'true', no: 'false', off: 'false', false: 'false', n: 'false', '0': 'false' }

/** The value of the field that a union is told apart by. */
function choiceOf(issue: z.core.$ZodIssueInvalidUnion): unknown {
  const { input, discriminator } = issue
  return typeof input === 'object' && input !== null && discriminator !== undefined ? (input as Record<string, unknown>)[discriminator] : input
}

function error(path: CatalogPath, code: string, message: string, suggestion: string | null = null): UnplacedIssue {
  return { level: 'error', path, code, message, suggestion, atKey: false }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** `plans[0].prices[1]` → `prices[1]`, `plans[0].fee` → `fee`. */
function lastWord(path: CatalogPath): string {
  const at = path.findLastIndex((part) => typeof part === 'string')
  return formatCatalogPath(path.slice(Math.max(at, 0)))
}
