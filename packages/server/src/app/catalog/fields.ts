// The kinds of field that a catalog file is made of. Each reads the text of a YAML scalar (yaml-source.ts) into what
// CatalogDocument wants, and carries what an editor should know of it in `.meta()`. Amounts and quantities stay decimal
// text from the file to the document.

import * as z from 'zod'
import { readDecimal, readInteger } from './number-text.ts'

type FieldMeta = { readonly description: string; readonly example?: string | number | boolean | readonly string[] }

/** What an editor may accept for a number: written bare or in quotes. */
const NUMBER_PATTERN = '^-?(0|[1-9][0-9]*)(\\.[0-9]+)?$'

export function text(meta: FieldMeta) {
  return z.string().min(1).meta({ ...described(meta), type: 'string' })
}

/** Text that a bare number or boolean may stand for too, such as a configured value. */
export function looseText(meta: FieldMeta) {
  return z.string().min(1).meta({ ...described(meta), type: ['string', 'number', 'boolean'] })
}

export function decimal(meta: FieldMeta) {
  return z.string().transform(reader(readDecimal)).meta({ ...described(meta), type: ['number', 'string'], pattern: NUMBER_PATTERN })
}

export function integer(meta: FieldMeta) {
  return z.string().transform(reader(readInteger)).transform(Number).meta({ ...described(meta), type: 'integer' })
}

export function toggle(meta: FieldMeta) {
  return z.enum(['true', 'false']).transform((word) => word === 'true').meta({ ...described(meta), type: 'boolean', enum: undefined })
}

export function choice<const Words extends readonly [string, ...string[]]>(words: Words, meta: FieldMeta) {
  return z.enum(words).meta(described(meta))
}

export function list<Item extends z.ZodType>(item: Item, meta: FieldMeta) {
  return z.array(item).meta(described(meta))
}

/** An object whose unknown keys are errors, each at its own place and with the known ones for a hint. */
export function fields<Shape extends z.ZodRawShape>(title: string, shape: Shape, description: string) {
  const unknown = z.custom<never>(() => false, { params: { code: 'unknown_field', title, known: Object.keys(shape) } })
  // `catchall` would add an index signature to the type; no value has such a key, so the type without it is the true one.
  return (z.object(shape).catchall(unknown) as unknown as z.ZodObject<Shape, z.core.$strict>).meta({ title, description })
}

/** An object that may also be written as its most important field alone. */
export function orShorthand<Fields extends z.ZodType>(field: string, whole: Fields) {
  const meta = whole.meta() ?? {}
  return z.preprocess((value) => (typeof value === 'string' ? { [field]: value } : value), whole).meta({ ...meta, shorthand: field })
}

function described(meta: FieldMeta): { readonly description: string; readonly examples?: readonly unknown[] } {
  return meta.example === undefined ? { description: meta.description } : { description: meta.description, examples: [meta.example] }
}

function reader(read: typeof readDecimal): (source: string, ctx: z.RefinementCtx) => string {
  return (source, ctx) => {
    const result = read(source)
    if (result.kind === 'decimal') return result.text
    ctx.addIssue({ code: 'custom', message: result.message, params: { code: 'invalid_decimal', suggestion: result.suggestion } })
    return z.NEVER
  }
}
