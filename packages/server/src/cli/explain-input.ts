// What the explain commands share: JSON from a file or standard input in which every number keeps its digits as text, a zod
// shape for it, errors that name the field, and tables. Amounts never become floats on the way.

import { createReadStream } from 'node:fs'
import { formatCatalogPath, formatInstant, InputError, nearest, parseInstant, UPSTREAM_JSON_BUFFER_BYTES_MAX, type Instant } from '@tollgate/core'
import * as z from 'zod'
import { CliError, type CliDeps } from './output.ts'

/** Input as its shape wants it, every number as text, and as plain JSON, for the parts that are somebody else's answer. */
export type JsonInput = { readonly exact: unknown; readonly plain: unknown }

/** Reads JSON from `file`, `-` for standard input. */
export async function readJson(file: string, deps: CliDeps): Promise<JsonInput> {
  if (file === '-' && deps.stdin.isTTY === true) throw new CliError('There is no input: name a file, or pipe JSON into the command.', 'Its shape: --schema')
  const text = await readText(file, deps)
  try {
    return { exact: JSON.parse(text, exactNumber), plain: JSON.parse(text) }
  } catch (error) {
    throw new CliError(`${shownName(file)} is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The text of `file`, at most as much as an upstream's answer may be. */
export async function readText(file: string, deps: CliDeps): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of file === '-' ? deps.stdin : createReadStream(file)) {
      chunks.push(Buffer.from(chunk))
      bytes += chunk.length
      if (bytes > UPSTREAM_JSON_BUFFER_BYTES_MAX) throw new CliError(`${shownName(file)} is larger than ${UPSTREAM_JSON_BUFFER_BYTES_MAX / 1024 / 1024} MiB.`)
    }
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`${shownName(file)} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The value in its shape, or every field that does not fit. */
export function readShape<Shape extends z.ZodType>(shape: Shape, value: unknown): z.output<Shape> {
  const parsed = shape.safeParse(value, { reportInput: true })
  if (parsed.success) return parsed.data
  throw new CliError(withoutTypoShadows(parsed.error.issues).map(describeIssue).join('\n'), 'The shape of the input: --schema')
}

/** Runs a calculation; what the core refuses becomes an error of the command. */
export function calculate<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof InputError) throw new CliError(error.message)
    throw error
  }
}

/** An instant in the input. */
export function time(meta: { readonly description: string; readonly example?: string }) {
  return z
    .string()
    .transform((text, ctx): Instant => {
      try {
        return parseInstant(text, 'this')
      } catch {
        ctx.addIssue({ code: 'custom', message: 'must be a time with a zone such as 2026-03-01T12:00:00Z' })
        return z.NEVER
      }
    })
    .meta({ description: meta.description, type: 'string', format: 'date-time', ...(meta.example === undefined ? {} : { examples: [meta.example] }) })
}

export function timeText(at: Instant): string {
  return formatInstant(at).replace('.000Z', 'Z')
}

/** Rows as columns, the last ones of which are numbers and stand to the right. */
export function table(rows: readonly (readonly string[])[], numbersFrom: number): string {
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, column) => Math.max(most[column] ?? 0, cell.length)), [])
  const pad = (cell: string, column: number): string => (column >= numbersFrom ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

/** `JSON.parse` hands the digits over beside the float that it made of them. */
function exactNumber(this: unknown, _key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && context?.source !== undefined ? context.source : value
}

/** A misspelt field is not missing as well. */
function withoutTypoShadows(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  const meant = new Set(issues.map((issue) => {
    const known = issue.code === 'custom' && issue.params?.['code'] === 'unknown_field' ? (issue.params['known'] as readonly string[]) : []
    return [...issue.path.slice(0, -1), nearest(String(issue.path.at(-1)), known)].join('.')
  }))
  return issues.filter((issue) => issue.input !== undefined || !meant.has(issue.path.join('.')))
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = formatCatalogPath(issue.path.filter((part): part is string | number => typeof part !== 'symbol'))
  const field = path === '' ? 'the input' : path
  if (issue.code === 'custom' && issue.params?.['code'] === 'unknown_field') {
    const known = issue.params['known'] as readonly string[]
    const suggestion = nearest(path.slice(path.lastIndexOf('.') + 1), known)
    return `${field} is no field here.${suggestion === null ? ` Known: ${known.join(', ')}.` : ` Did you mean ${JSON.stringify(suggestion)}?`}`
  }
  if (issue.input === undefined && issue.code !== 'custom') return `${field} is missing.`
  if (issue.code === 'invalid_value') return `${field} must be one of ${issue.values.map(String).join(', ')}.`
  if (issue.code === 'invalid_union') return `${field} has none of the shapes that it may have.`
  return `${field}: ${issue.message}${issue.message.endsWith('.') ? '' : '.'}`
}

function shownName(file: string): string {
  return file === '-' ? 'standard input' : file
}
