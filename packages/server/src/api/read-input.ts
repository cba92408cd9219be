// Reads params, query and body by the contract: what does not fit is told with its field, a stable code and what is accepted, all
// of it at once. A member that nobody reads is an error with a suggestion, because a misspelt one would silently mean nothing.

import { didYouMean, nearest } from '@tollgate/core'
import * as z from 'zod'
import { invalidInput, type FieldProblem } from './problems.ts'

/** @throws {ApiError} with every problem of the input. `where` is what it is called when no field is at fault. */
export function readInput<Schema extends z.ZodType>(schema: Schema, value: unknown, where: 'body' | 'query' | 'path'): z.output<Schema> {
  const parsed = schema.safeParse(value, { reportInput: true })
  if (parsed.success) return parsed.data
  throw invalidInput(parsed.error.issues.flatMap((issue) => problemsOf(issue, schema, where)))
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType, where: string): FieldProblem[] {
  const field = issue.path.length === 0 ? null : issue.path.map(String).join('.')
  const name = field ?? `the ${where}`
  const one = (code: string, text: string): FieldProblem[] => [{ field, code, detail: `${name} ${text}` }]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownMember([...issue.path.map(String), key].join('.'), key, schema, issue.path, where))
    case 'invalid_type':
      if (issue.input === undefined) return one('required', 'is missing')
      return one(
        issue.message.startsWith('must ') ? 'invalid_decimal' : 'invalid_type',
        issue.message.startsWith('must ') ? `${issue.message}, got ${shown(issue.input)}` : `must be ${article(issue.expected)}, got ${shown(issue.input)}`,
      )
    case 'invalid_value':
      if (issue.input === undefined) return one('required', `is missing: one of ${issue.values.join(', ')}`)
      return one(
        'invalid_choice',
        `must be one of ${issue.values.join(', ')}, got ${shown(issue.input)}.${didYouMean(typeof issue.input === 'string' ? nearest(issue.input, issue.values.map(String)) : null)}`,
      )
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? one('out_of_range', `must be at least ${issue.minimum}`)
        : one('required', 'must not be empty')
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int'
        ? one('out_of_range', `must be at most ${issue.maximum}`)
        : one('too_long', `is too long: at most ${issue.maximum} ${issue.origin === 'string' ? 'characters' : 'items'}`)
    case 'invalid_format':
      return one(
        issue.message.includes('_…') ? 'invalid_id' : issue.message.includes('control') ? 'invalid_text' : 'invalid_value',
        `${issue.message}, got ${shown(issue.input)}`,
      )
    case 'custom':
      return one(typeof issue.params?.code === 'string' ? issue.params.code : 'invalid_value', issue.message)
    case 'invalid_key':
      return one('invalid_value', 'is not an accepted name')
    default:
      return one('invalid_type', 'is not what belongs here')
  }
}

function unknownMember(field: string, key: string, schema: z.ZodType, path: readonly PropertyKey[], where: string): FieldProblem {
  const known = knownMembers(schema, path)
  const suggestion = nearest(key, known)
  const hint =
    suggestion !== null ? didYouMean(suggestion) : known.length === 0 ? ` Nothing is read from the ${where} here.` : ` Known are ${known.join(', ')}.`
  return { field: field.slice(0, 100), code: 'unknown_field', detail: `${JSON.stringify(key.slice(0, 60))} is not known here.${hint}` }
}

/** Members of the object at the path, as far as the path leads through plain objects. */
function knownMembers(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = schema
  for (const part of path) at = at instanceof z.ZodObject ? at.shape[String(part)] : undefined
  return at instanceof z.ZodObject ? Object.keys(at.shape) : []
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  object: 'a JSON object',
  record: 'a JSON object',
  array: 'a list',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
}

function article(expected: string): string {
  return TYPES[expected] ?? expected
}

/** A short look at what came, never more than a glance. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value)
}
