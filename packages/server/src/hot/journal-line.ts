// One line of a node's journal: an 8-digit CRC-32 of the rest, a letter that says what it is, and JSON. A line without its
// newline or with a wrong checksum is a torn write: reading stops before it.

import { crc32 } from 'node:zlib'
import type { UsageEvent } from '@tollgate/core'

/** intent: may cost · settled: a usage event · void: will not cost · denied: a refusal worth recording. */
export type JournalRecord =
  | { readonly kind: 'intent'; readonly body: Intent }
  | { readonly kind: 'settled'; readonly body: UsageEvent }
  | { readonly kind: 'void'; readonly body: { readonly reservation: string } }
  | { readonly kind: 'denied'; readonly body: DenialRecord }

export type Intent = { readonly reservation: string; readonly customer: string; readonly time: number; readonly estimate: string }

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
  /** Denials of the same key that were counted, not written, since the last record. */
  readonly unrecorded: number
}

const LETTERS = { intent: 'I', settled: 'S', void: 'V', denied: 'D' } as const
const KINDS: Readonly<Record<string, JournalRecord['kind']>> = { I: 'intent', S: 'settled', V: 'void', D: 'denied' }

export function encodeLine(kind: JournalRecord['kind'], body: JournalRecord['body']): string {
  const content = `${LETTERS[kind]} ${JSON.stringify(body)}`
  return `${checksum(content)} ${content}\n`
}

/** The records of whole lines; `torn` is true when a line failed its checksum, and nothing after it is returned. */
export function decodeLines(text: string, wanted: ReadonlySet<JournalRecord['kind']>): { readonly records: JournalRecord[]; readonly torn: boolean } {
  const records: JournalRecord[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    const content = line.slice(9)
    const kind = KINDS[content[0] ?? '']
    if (kind === undefined || line.slice(0, 8) !== checksum(content)) return { records, torn: true }
    if (wanted.has(kind)) records.push({ kind, body: JSON.parse(content.slice(2)) } as JournalRecord)
  }
  return { records, torn: false }
}

function checksum(content: string): string {
  return crc32(content).toString(16).padStart(8, '0')
}
