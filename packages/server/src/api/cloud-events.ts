// CloudEvents 1.0 over HTTP: the structured, batched and binary form, and one event a line. All become the structured JSON that
// app/ingest.ts reads; what an event must hold is said there. A line that is no JSON is one bad event, not a bad call.

import type { IncomingHttpHeaders } from 'node:http'
import { EVENTS_PER_REQUEST_MAX } from '@tollgate/core'
import type { IncomingEvent } from '../app/events/read-event.ts'
import { ApiError } from './problems.ts'

export type ReceivedEvents = {
  readonly events: readonly IncomingEvent[]
  /** One event was sent by itself: its refusal is the refusal of the call. */
  readonly isSingle: boolean
  /** By index: why a line could not be read. */
  readonly unreadable: ReadonlyMap<number, string>
}

/** @throws {ApiError} when the body as a whole is not one of the forms. */
export function readCloudEvents(headers: IncomingHttpHeaders, body: Buffer): ReceivedEvents {
  const type = mediaType(headers['content-type'])
  if (type === 'application/cloudevents+json') return single(object(parse(body)))
  if (type === 'application/cloudevents-batch+json') return batch(parse(body))
  if (type === 'application/x-ndjson' || type === 'application/jsonl') return lines(body)
  if (headers['ce-specversion'] !== undefined || headers['ce-id'] !== undefined) return single(binary(headers, type, body))
  if (type !== 'application/json')
    throw new ApiError(
      'unsupported_media_type',
      `${type === '' ? 'no content type was sent' : `${type} is not read here`}: send application/cloudevents+json, application/cloudevents-batch+json, application/json, application/x-ndjson, or the attributes in ce- headers`,
    )
  const value = parse(body)
  return Array.isArray(value) ? batch(value) : single(object(value))
}

function single(event: IncomingEvent): ReceivedEvents {
  return { events: [event], isSingle: true, unreadable: new Map() }
}

function batch(value: unknown): ReceivedEvents {
  if (!Array.isArray(value)) throw new ApiError('invalid_json', 'a batch is a JSON array of events')
  assertCount(value.length)
  return { events: value as IncomingEvent[], isSingle: false, unreadable: new Map() }
}

function lines(body: Buffer): ReceivedEvents {
  const texts = body
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
  assertCount(texts.length)
  const unreadable = new Map<number, string>()
  const events = texts.map((text, index): IncomingEvent => {
    try {
      return JSON.parse(text) as IncomingEvent
    } catch (error) {
      unreadable.set(index, `event ${index + 1} is not valid JSON: ${(error as Error).message.slice(0, 200)}`)
      return {}
    }
  })
  return { events, isSingle: false, unreadable }
}

/** Attributes of CloudEvents are in `ce-` headers, percent-encoded where they are not plain ASCII. */
function binary(headers: IncomingHttpHeaders, type: string, body: Buffer): IncomingEvent {
  if (type !== '' && type !== 'application/json' && !type.endsWith('+json'))
    throw new ApiError('unsupported_media_type', `the data of an event is read as JSON, not as ${type}`)
  const attributes: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('ce-') && typeof value === 'string') attributes[name.slice(3)] = decoded(value, name)
  }
  return { ...attributes, data: parse(body) }
}

function decoded(value: string, name: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw new ApiError('invalid_value', `the header ${name} is not percent-encoded as it should be`, { field: name.slice(3) })
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw new ApiError('invalid_json', `the body is not valid JSON: ${(error as Error).message.slice(0, 200)}`)
  }
}

function object(value: unknown): IncomingEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ApiError('invalid_json', 'an event is a JSON object')
  return value as IncomingEvent
}

/** Before each event is looked at: reading a million empty lines would take its time, too. */
function assertCount(count: number): void {
  if (count > EVENTS_PER_REQUEST_MAX) throw new ApiError('too_many_events', `at most ${EVENTS_PER_REQUEST_MAX} events a call, got ${count}`)
}

function mediaType(header: string | undefined): string {
  return (header ?? '').split(';', 1)[0]!.trim().toLowerCase()
}
