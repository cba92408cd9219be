// How the sandbox speaks one API: what a request of it asks, and how a reply, a stream and an error are written in it.

import type { Question, Reply } from '../reply.ts'

export type Format = {
  /** @throws {RangeError} when the request is none of this API. */
  readonly read: (request: FormatRequest) => Question
  readonly body: (reply: Reply, hasUsage: boolean) => Body
  /** Events of a stream in order; null where the API has no streams. */
  readonly events: ((reply: Reply, hasUsage: boolean) => string[]) | null
  readonly error: (status: number, type: string, code: string, message: string) => unknown
  readonly errorEvent: (message: string) => string
}

export type FormatRequest = {
  /** The parsed JSON, or the fields of a form. */
  readonly fields: Fields
  /** What the path says. */
  readonly params: readonly string[]
  readonly query: string
}

/** JSON as a value; other answers as their bytes and type. */
export type Body = { readonly json: unknown } | { readonly bytes: Buffer; readonly type: string }

export type Fields = Readonly<Record<string, unknown>>

export function object(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

export function modelOf(fields: Fields): string {
  const { model } = fields
  if (typeof model !== 'string' || model === '') throw new RangeError('model is missing')
  return model
}

/** All texts within a value. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(textOf).filter((text) => text !== '').join(' ')
  const { text, content, parts, output } = object(value)
  return textOf(text ?? content ?? parts ?? output ?? '')
}

export function limitOf(value: unknown): number {
  return typeof value === 'number' ? value : Infinity
}

/** An event that has data alone. */
export function dataEvent(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

/** An event that is named after its type, as Anthropic's and OpenAI's newer streams are. */
export function typedEvent(data: Fields & { readonly type: string }): string {
  return `event: ${data.type}\n${dataEvent(data)}`
}
