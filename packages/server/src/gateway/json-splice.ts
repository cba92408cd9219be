// Changes single members of a JSON object in its text and leaves every other byte as it came: unknown members, big integers,
// spacing and order survive, which parsing and writing again would not promise. Works on text of one character per byte
// (latin1), so that positions are byte positions. Expects valid JSON: the caller has parsed it, or treats null as invalid.

/** A member of the outermost object: positions of its key's opening quote and of its value. Only ASCII names read right. */
export type Member = { readonly name: string; readonly start: number; readonly valueStart: number; readonly valueEnd: number }

/** Replace `[start, end)` by `text`; an empty span inserts. */
export type Edit = { readonly start: number; readonly end: number; readonly text: string }

/** Members of the object that `text` is, in order, duplicates included; null when it is not one whole object. */
export function topLevelMembers(text: string): Member[] | null {
  const members: Member[] = []
  let at = skipSpace(text, 0)
  if (text.charCodeAt(at) !== OPEN_BRACE) return null
  at = skipSpace(text, at + 1)
  if (text.charCodeAt(at) === CLOSE_BRACE) return skipSpace(text, at + 1) === text.length ? members : null
  for (;;) {
    const start = at
    const keyEnd = text.charCodeAt(at) === QUOTE ? endOfString(text, at) : -1
    if (keyEnd < 0) return null
    at = skipSpace(text, keyEnd)
    if (text.charCodeAt(at) !== COLON) return null
    const valueStart = skipSpace(text, at + 1)
    const valueEnd = endOfValue(text, valueStart)
    if (valueEnd < 0) return null
    members.push({ name: keyName(text.slice(start + 1, keyEnd - 1)), start, valueStart, valueEnd })
    at = skipSpace(text, valueEnd)
    const separator = text.charCodeAt(at)
    if (separator === CLOSE_BRACE) return skipSpace(text, at + 1) === text.length ? members : null
    if (separator !== COMMA) return null
    at = skipSpace(text, at + 1)
  }
}

/** Spans of the elements of the array that `text` is; null when it is not one whole array. */
export function arrayElements(text: string): { readonly start: number; readonly end: number }[] | null {
  const elements: { readonly start: number; readonly end: number }[] = []
  let at = skipSpace(text, 0)
  if (text.charCodeAt(at) !== OPEN_BRACKET) return null
  at = skipSpace(text, at + 1)
  if (text.charCodeAt(at) === CLOSE_BRACKET) return elements
  for (;;) {
    const end = endOfValue(text, at)
    if (end < 0) return null
    elements.push({ start: at, end })
    at = skipSpace(text, end)
    if (text.charCodeAt(at) === CLOSE_BRACKET) return elements
    if (text.charCodeAt(at) !== COMMA) return null
    at = skipSpace(text, at + 1)
  }
}

/** The last member of that name: what JSON.parse takes. */
export function memberNamed(members: readonly Member[], name: string): Member | undefined {
  for (let index = members.length - 1; index >= 0; index--) if (members[index]!.name === name) return members[index]
  return undefined
}

export function replaceValue(member: Member, json: string): Edit {
  return { start: member.valueStart, end: member.valueEnd, text: json }
}

/** Adds a member at the front of the object whose `{` is the first thing in `text` that is not space. */
export function insertMember(text: string, name: string, json: string): Edit {
  const at = skipSpace(text, 0) + 1
  const isEmpty = text.charCodeAt(skipSpace(text, at)) === CLOSE_BRACE
  return { start: at, end: at, text: `${JSON.stringify(name)}:${json}${isEmpty ? '' : ','}` }
}

/** Shifts an edit of a nested object's text to its place in the whole. */
export function within(offset: number, edit: Edit): Edit {
  return { start: edit.start + offset, end: edit.end + offset, text: edit.text }
}

/** The bytes with all edits applied; edits must not overlap. Without edits the same buffer comes back. */
export function splice(bytes: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return bytes
  const parts: Buffer[] = []
  let at = 0
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    parts.push(bytes.subarray(at, edit.start), Buffer.from(edit.text))
    at = edit.end
  }
  parts.push(bytes.subarray(at))
  return Buffer.concat(parts)
}

/** Valid JSON without the space between its tokens. */
export function compact(text: string): string {
  let output = ''
  for (let at = 0; ;) {
    const quote = text.indexOf('"', at)
    output += text.slice(at, quote < 0 ? text.length : quote).replaceAll(/[ \t\r\n]+/g, '')
    if (quote < 0) return output
    const end = endOfString(text, quote)
    at = end < 0 ? text.length : end
    output += text.slice(quote, at)
  }
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

function keyName(raw: string): string {
  if (!raw.includes('\\')) return raw
  try {
    return JSON.parse(`"${raw}"`) as string
  } catch {
    return raw
  }
}

function skipSpace(text: string, from: number): number {
  let at = from
  for (;;) {
    const code = text.charCodeAt(at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at
    at += 1
  }
}

/** Position after the closing quote of the string that starts at `start`; -1 when it never closes. */
function endOfString(text: string, start: number): number {
  let quote = start
  for (;;) {
    quote = text.indexOf('"', quote + 1)
    if (quote < 0) return -1
    let backslashes = 0
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return quote + 1
  }
}

function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start)
  if (first === QUOTE) return endOfString(text, start)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfNested(text, start)
  let at = start
  while (isScalar(text.charCodeAt(at))) at += 1
  return at === start ? -1 : at
}

/** Depth alone is counted: in valid JSON brackets outside strings match. */
function endOfNested(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(text, at) - 1
      if (at < 0) return -1
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return -1
}

/** Letters, digits, sign, point: what numbers and the three words are made of. */
function isScalar(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x7a) || code === 0x2b || code === 0x2d || code === 0x2e || code === 0x45
}
