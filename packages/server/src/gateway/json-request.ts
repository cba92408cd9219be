// Reads a JSON body as far as a decision needs and leaves its bytes alone. Members that decide the cost may come only once and
// spelled exactly: servers differ in which duplicate they take and whether case matters, and a hold must not be passed by that.

import { isAscii, isUtf8 } from 'node:buffer'
import { insertMember, memberNamed, replaceValue, splice, topLevelMembers, type Edit, type Member } from './json-splice.ts'
import { invalidRequest, type RequestRefused } from './refusal.ts'

export type Fields = Readonly<Record<string, unknown>>

export type JsonRequest = {
  readonly body: Buffer
  /** The body with one character per byte. */
  readonly text: string
  readonly members: readonly Member[]
  readonly value: Fields
}

const MODEL_LENGTH_MAX = 200
/** Far beyond any model, and small enough to be multiplied by choices and prices. */
export const OUTPUT_TOKENS_MAX = 1_000_000_000

/** @throws {RequestRefused} 400 with the member at fault; `deciding` are those that must be told beyond doubt. */
export function readJson(body: Buffer, deciding: ReadonlySet<string>): JsonRequest {
  const text = body.toString('latin1')
  const value = parse(body, text)
  const members = topLevelMembers(text)
  if (members === null) throw invalidRequest('The body must be a JSON object.')
  refuseAmbiguous(members, deciding)
  return { body, text, members, value }
}

export function modelIn(value: Fields): string {
  const { model } = value
  if (typeof model !== 'string' || model === '' || model.length > MODEL_LENGTH_MAX) throw wrong('model', 'must be the name of a model')
  return model
}

export function flagIn(value: Fields, name: string): boolean {
  const flag = value[name]
  if (flag !== undefined && flag !== null && typeof flag !== 'boolean') throw wrong(name, 'must be true or false')
  return flag === true
}

/** A whole number from 1 to `max`; null when it is not given. */
export function countIn(value: Fields, name: string, max: number): number | null {
  const given = value[name]
  if (given === undefined || given === null) return null
  if (typeof given !== 'number' || !Number.isSafeInteger(given) || given < 1 || given > max) throw wrong(name, `must be a whole number from 1 to ${max}`)
  return given
}

/** The body with its model renamed and `edits` applied. */
export function renamed({ body, members }: JsonRequest, model: string, upstreamModel: string, edits: Edit[] = []): Buffer {
  const member = memberNamed(members, 'model')
  if (member !== undefined && model !== upstreamModel) edits.push(replaceValue(member, JSON.stringify(upstreamModel)))
  return splice(body, edits)
}

/** Lowers the members that bound the output; where none is given the first is set. */
export function outputEdits({ text, members }: Pick<JsonRequest, 'text' | 'members'>, names: readonly string[], outputTokens: number | null | undefined): Edit[] {
  if (outputTokens === null || outputTokens === undefined) return []
  const most = String(Math.max(1, Math.floor(outputTokens)))
  const given = names.flatMap((name) => memberNamed(members, name) ?? []).filter(({ valueStart, valueEnd }) => text.slice(valueStart, valueEnd) !== 'null')
  if (given.length > 0) return given.filter(({ valueStart, valueEnd }) => Number(text.slice(valueStart, valueEnd)) > Number(most)).map((member) => replaceValue(member, most))
  const named = memberNamed(members, names[0]!)
  return [named === undefined ? insertMember(text, names[0]!, most) : replaceValue(named, most)]
}

export function wrong(param: string, what: string): RequestRefused {
  return invalidRequest(`${param} ${what}.`, { param, code: 'invalid_value' })
}

/** All texts within a value, wherever its shape keeps them; inline data is left out, its tokens are not its letters. */
export function stringsIn(value: unknown): string {
  if (typeof value === 'string') return value.startsWith('data:') ? '' : value
  if (Array.isArray(value)) return value.map(stringsIn).join('')
  if (typeof value !== 'object' || value === null) return ''
  return Object.entries(value).map(([name, member]) => (UNCOUNTED.has(name) ? '' : stringsIn(member))).join('')
}

/** Members that name and do not say, or that hold data. */
const UNCOUNTED: ReadonlySet<string> = new Set(['role', 'type', 'id', 'data', 'media_type', 'mimeType', 'signature', 'encrypted_content'])

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : NO_FIELDS
}

/** The members of a JSON object; none where the text is no such thing. */
export function fieldsIn(text: string): Fields {
  try {
    return fieldsOf(JSON.parse(text))
  } catch {
    return NO_FIELDS
  }
}

const NO_FIELDS: Fields = {}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function parse(body: Buffer, text: string): Fields {
  if (!isUtf8(body)) throw invalidRequest('The body is not valid UTF-8.', { code: 'invalid_json' })
  try {
    const value: unknown = JSON.parse(isAscii(body) ? text : body.toString())
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  } catch (error) {
    throw invalidRequest(`The body is not valid JSON: ${(error as Error).message.slice(0, 200)}`, { code: 'invalid_json' })
  }
  throw invalidRequest('The body must be a JSON object.', { code: 'invalid_json' })
}

function refuseAmbiguous(members: readonly Member[], deciding: ReadonlySet<string>): void {
  const seen = new Set<string>()
  for (const { name } of members) {
    const folded = deciding.has(name) ? name : fold(name)
    if (!deciding.has(folded)) continue
    if (seen.has(folded)) throw wrong(folded, 'is given twice, and providers differ in which one they take')
    if (folded !== name) throw wrong(folded, `must be spelled exactly so, got ${JSON.stringify(name.slice(0, 60))}`)
    seen.add(folded)
  }
}

/** Some servers match names without case, by Unicode's folding: the Kelvin sign is a k to them, the long s an s. */
function fold(name: string): string {
  if (/^[\0-\x7f]*$/.test(name)) return name.toLowerCase()
  const decoded = /^[\0-\xff]*$/.test(name) ? Buffer.from(name, 'latin1').toString() : name
  return decoded.normalize('NFKC').toLowerCase()
}
