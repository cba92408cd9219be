// A body and an answer → what may be kept of them: every text of the JSON redacted, names of members and long numbers too, files left out,
// and no more than a person reads. Of a long conversation the end is kept: an array is gone through from its last element.

import { PROMPT_TEXT_MAX, type Redaction } from '@tollgate/core'
import { compileRedaction, type Redact } from '../../platform/redaction.ts'

export type RedactQuestion = { readonly body: Uint8Array | null; /** A body, or the inside of JSON strings, one character a byte. */ readonly answer: Uint8Array | string | null; readonly redaction: Redaction }
/** Both as JSON text. */
export type RedactAnswer = { readonly prompt: string | null; readonly answer: string | null; readonly redacted: Readonly<Record<string, number>>; readonly isCut: boolean }

export function redactPrompt({ body, answer, redaction }: RedactQuestion): RedactAnswer {
  const state: Walk = { redact: compiled(redaction), counts: {}, left: PROMPT_TEXT_MAX, isCut: false }
  const asked = body === null ? undefined : parsed(textIn(body))
  const prompt = asked === undefined ? null : JSON.stringify(walk(asked, state, 0))
  state.left = PROMPT_TEXT_MAX
  const told = answer === null ? null : JSON.stringify(walk(typeof answer === 'string' ? unescaped(answer) : readable(textIn(answer)), state, 0))
  return { prompt, answer: told, redacted: state.counts, isCut: state.isCut || (body !== null && asked === undefined) }
}

function textIn(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}

/** An error page of a proxy is kept as the text that it is. */
function readable(text: string): unknown {
  return parsed(text) ?? text
}

type Walk = { readonly redact: Redact; readonly counts: Record<string, number>; left: number; isCut: boolean }

/** What is left out stands as this. */
const CUT = '…'
const DEPTH_MAX = 64
/** A find that begins where a text is cut is seen whole up to this length. */
const FIND_LENGTH_MAX = 512
/** Digits below which a number is no telephone. */
const LONG_NUMBER = 1_000_000

function walk(value: unknown, state: Walk, depth: number): unknown {
  if (state.left <= 0 || depth > DEPTH_MAX) return cut(state)
  if (typeof value === 'string') return textOf(value, state)
  if (typeof value === 'number') return numberOf(value, state)
  if (typeof value !== 'object' || value === null) {
    state.left -= 4
    return value
  }
  state.left -= 2
  if (Array.isArray(value)) {
    const kept: unknown[] = []
    for (let index = value.length - 1; index >= 0; index--) {
      if (state.left <= 0) {
        kept.push(cut(state))
        break
      }
      kept.push(walk(value[index], state, depth + 1))
    }
    return kept.toReversed()
  }
  const kept: [string, unknown][] = []
  for (const [name, member] of Object.entries(value)) {
    if (state.left <= 0) {
      kept.push([CUT, cut(state)])
      break
    }
    kept.push([textOf(name, state), walk(member, state, depth + 1)])
  }
  return Object.fromEntries(kept)
}

function cut(state: Walk): string {
  state.isCut = true
  return CUT
}

function numberOf(value: number, state: Walk): number | string {
  const text = String(value)
  state.left -= text.length
  if (Math.abs(value) < LONG_NUMBER) return value
  const redacted = state.redact(text, state.counts)
  return redacted === text ? value : redacted
}

/** A file as text, in the forms that providers take. */
const FILE = /^(?:data:[^,]{0,200};base64,)?[A-Za-z0-9+/_=-]{1024}/

function textOf(text: string, state: Walk): string {
  if (FILE.test(text)) {
    state.isCut = true
    state.left -= 32
    return `[${text.length} letters of a file]`
  }
  const redacted = state.redact(text.slice(0, state.left + FIND_LENGTH_MAX), state.counts)
  const kept = redacted.length > state.left || text.length > state.left + FIND_LENGTH_MAX ? redacted.slice(0, Math.max(0, state.left)) + cut(state) : redacted
  state.left -= kept.length + 3
  return kept
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unescaped(text: string): string {
  const value = parsed(`"${Buffer.from(text, 'latin1').toString()}"`)
  return typeof value === 'string' ? value : text
}

/** Of the rules of a few catalogs: most requests have the one of the request before. */
const KEPT_MAX = 100
const known = new Map<string, Redact>()

function compiled(redaction: Redaction): Redact {
  const name = JSON.stringify(redaction)
  const found = known.get(name)
  if (found !== undefined) return found
  if (known.size >= KEPT_MAX) known.clear()
  const fresh = compileRedaction(redaction)
  known.set(name, fresh)
  return fresh
}
