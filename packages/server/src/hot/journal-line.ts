// The text of a node's journal. A record is one line: a letter that says what it is, and JSON. Lines are written in groups,
// and each group ends with a trailer of its own length and CRC-32: what follows the last good trailer is a torn write that
// nobody was told of. Invariant: no record starts with the trailer's letter.

import { crc32 } from 'node:zlib'
import { assert } from '@tollgate/core'
import type { CustomerId, EntityId, Hold, Instant, UsageEvent } from '@tollgate/core'

/** started: a process begins here · intent: may cost · settled: a usage event · void: will not cost · denied: a refusal worth recording. */
export type JournalRecord =
  | { readonly kind: 'started'; readonly body: Started }
  | { readonly kind: 'intent'; readonly body: Intent }
  | { readonly kind: 'settled'; readonly body: UsageEvent }
  | { readonly kind: 'void'; readonly body: { readonly reservation: string } }
  | { readonly kind: 'denied'; readonly body: DenialRecord }

/** The first line of each segment: which process wrote what follows, and the start of the machine it ran on. */
export type Started = { readonly incarnation: number; readonly boot: string }

/**
 * Written a hundred thousand times a second and read after a crash, so it is a list: reservation, customer, time, until when it may
 * be settled, the upper bound of its charge in units of 10^-12, and what it holds: budget, start of the period, amount; and so on.
 */
export type Intent = readonly [reservation: string, customer: string, time: number, endsAt: number, estimate: string, ...holds: (string | number)[]]

export type DenialRecord = {
  readonly decision: string
  readonly customer: string
  readonly time: number
  readonly key: string | null
  readonly feature: string
  readonly model: string | null
  readonly reason: string
  readonly scope: string
  readonly required: string | null
  /** How the budget that refused stood, as the node knew it; left out by nodes of an earlier version. */
  readonly limit?: string | null
  readonly used?: string | null
  readonly unit?: string | null
  readonly resetsAt?: number | null
  readonly message?: string
  readonly entity?: string | null
  /** Denials of the same key that were counted, not written, since the last record. */
  readonly unrecorded: number
  /** It would have been refused, and was let through: see observe mode. */
  readonly observed?: boolean
}

/**
 * A usage event as it is written: a list like an intent, half as long as its names and values would be. An event may come as an
 * object under its own letter too: nodes of earlier versions wrote it so.
 */
type EventList = readonly [
  id: string, source: string, type: string, customer: string, time: number, entity: string | null, feature: string | null, run: string | null, key: string | null,
  quantities: UsageEvent['quantities'], dimensions: UsageEvent['dimensions'], cost: UsageEvent['cost'], estimated: 0 | 1, catalogVersion: number | null,
  settled: UsageEvent['settled'], context: UsageEvent['context'],
]
/** A property of events that the list has not yet would be lost: this fails to compile until it has. */
type Listed = 'id' | 'source' | 'type' | 'customer' | 'time' | 'entity' | 'feature' | 'run' | 'key' | 'quantities' | 'dimensions' | 'cost' | 'estimated' | 'catalogVersion' | 'settled' | 'context'
const LISTED_PROPERTIES = 16 satisfies Exclude<keyof UsageEvent, Listed> extends never ? EventList['length'] : never

const LETTERS = { started: 'N', intent: 'I', settled: 'S', void: 'V', denied: 'D' } as const
const KINDS: Readonly<Record<string, JournalRecord['kind']>> = { N: 'started', I: 'intent', S: 'settled', V: 'void', D: 'denied', U: 'settled' }
const TRAILER = /^C ([0-9a-f]{8}) (\d{1,9})$/
const TRAILER_START = Buffer.from('\nC ')

export function encodeLine(kind: JournalRecord['kind'], body: JournalRecord['body']): string {
  return `${LETTERS[kind]} ${JSON.stringify(body)}\n`
}

/** {@link encodeLine} of an intent, several times faster: ids and numbers need no escaping, and slices bring their labels. */
export function encodeIntent(intent: { readonly reservation: string; readonly customer: string; readonly time: number; readonly endsAt: number; readonly estimate: bigint; readonly holds: readonly Hold[] }): string {
  let line = `I ["${intent.reservation}","${intent.customer}",${intent.time},${intent.endsAt},"${intent.estimate}"`
  for (const { slice, amount } of intent.holds) line += slice.label + amount
  return `${line}]\n`
}

/** A settled event in its short form. Its id, which needs no escaping, is put in beside the rest: it is made of parts, and such a text takes JSON.stringify half as long again. */
export function encodeSettled(event: UsageEvent): string {
  const rest: WithoutId<EventList> = [
    event.source, event.type, event.customer, event.time, event.entity, event.feature, event.run, event.key,
    event.quantities, event.dimensions, event.cost, event.estimated ? 1 : 0, event.catalogVersion, event.settled, event.context,
  ]
  return `U ["${event.id}",${JSON.stringify(rest).slice(1)}\n`
}

type WithoutId<List extends readonly unknown[]> = List extends readonly [unknown, ...infer Rest] ? Readonly<Rest> : never

function eventOf(list: EventList): UsageEvent {
  const [id, source, type, customer, time, entity, feature, run, key, quantities, dimensions, cost, estimated, catalogVersion, settled, context] = list
  assert(list.length === LISTED_PROPERTIES, 'a settled event of another length')
  return {
    id, source, type, customer: customer as CustomerId, time: time as Instant, entity: entity as EntityId | null, feature, run, key,
    quantities, dimensions, cost, estimated: estimated === 1, catalogVersion, settled, context,
  }
}

/** The bytes of a group, trailer included. */
export function encodeGroup(lines: readonly string[]): Buffer {
  return encodeGroups([lines], Buffer.alloc(0))
}

/** The bytes of groups one after the other, each with its trailer: in `room`, which is written over, or where they may not fit in a larger buffer of their own. */
export function encodeGroups(groups: readonly (readonly string[])[], room: Buffer): Buffer {
  const texts = groups.map((lines) => lines.join(''))
  const bytesMax = texts.reduce((sum, text) => sum + text.length * BYTES_PER_CHARACTER_MAX + TRAILER_BYTES_MAX, 0)
  const bytes = bytesMax <= room.length ? room : Buffer.allocUnsafe(bytesMax)
  let end = 0
  for (const text of texts) {
    const length = bytes.write(text, end)
    const checksum = crc32(bytes.subarray(end, end + length)).toString(16).padStart(8, '0')
    end += length
    end += bytes.write(`C ${checksum} ${length}\n`, end)
  }
  return bytes.subarray(0, end)
}

/** Of a UTF-16 unit in UTF-8. */
const BYTES_PER_CHARACTER_MAX = 3
const TRAILER_BYTES_MAX = 24

/** How many of the first `length` bytes are whole groups. Their checksums are looked at by {@link decodeGroups}. */
export function wholeGroups(bytes: Uint8Array, length: number): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, length)
  for (let start = buffer.lastIndexOf(TRAILER_START); start >= 0; start = buffer.lastIndexOf(TRAILER_START, start - 1)) {
    const end = buffer.indexOf(0x0a, start + 1)
    if (end >= 0) return end + 1
    if (start === 0) break
  }
  return 0
}

/** The wanted records of whole groups; `torn` when a group fails its checksum, and nothing of it or after it is returned. */
export function decodeGroups(bytes: Uint8Array, wanted: ReadonlySet<JournalRecord['kind']>): { readonly records: JournalRecord[]; readonly torn: boolean } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const records: JournalRecord[] = []
  let groupStart = 0
  let lineStart = 0
  let lines: Line[] = []
  for (let end = buffer.indexOf(0x0a); end >= 0; end = buffer.indexOf(0x0a, lineStart)) {
    const letter = String.fromCharCode(buffer[lineStart] ?? 0)
    if (letter === 'C') {
      const [, checksum, length] = TRAILER.exec(buffer.toString('latin1', lineStart, end)) ?? []
      const group = buffer.subarray(groupStart, lineStart)
      if (Number(length) !== group.length || checksum !== crc32(group).toString(16).padStart(8, '0')) return { records, torn: true }
      for (const line of lines) records.push(recordOf(buffer, line))
      lines = []
      groupStart = end + 1
    } else {
      const kind = KINDS[letter]
      if (kind === undefined) return { records, torn: true }
      if (wanted.has(kind)) lines.push({ kind, isList: letter === 'U', from: lineStart + 2, to: end })
    }
    lineStart = end + 1
  }
  return { records, torn: groupStart !== buffer.length }
}

type Line = { readonly kind: JournalRecord['kind']; readonly isList: boolean; readonly from: number; readonly to: number }

function recordOf(buffer: Buffer, { kind, isList, from, to }: Line): JournalRecord {
  const body: unknown = JSON.parse(buffer.toString('utf8', from, to))
  return { kind, body: isList ? eventOf(body as EventList) : body } as JournalRecord
}
