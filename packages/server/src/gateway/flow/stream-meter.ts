// Reads the usage out of a stream of server-sent events while it passes, and takes out what the client did not ask for. Works on
// text of one character per byte, event by event; only events that mention usage or an error are parsed, and however the
// bytes are cut into chunks the output and the usage are the same. It never adds an event and knows nothing of sockets.

import type { UsageReader } from '@tollgate/core'
import type { StreamDialect } from './stream-dialect.ts'

export type MeterOptions = {
  readonly dialect: StreamDialect
  /** Is given every event that mentions usage. */
  readonly reader: UsageReader
  /** Usage events pass; else they are taken out. */
  readonly wantsUsage: boolean
  /** An event longer than this passes unread. */
  readonly eventMax: number
  /** Length of answer text that is kept for counting. */
  readonly observedTextMax: number
}

/** What the stream said so far. */
export type Observed = {
  /** The model that the events name. */
  readonly model: string | null
  /** Events that carried a piece of the answer: each is at least one token. */
  readonly pieces: number
  /** Pieces came after the usage that was told: it is that of a stream in its middle. */
  readonly isPartial: boolean
  /** Length of all pieces as JSON text, and the beginning of it that was kept. */
  readonly textLength: number
  readonly text: string
  /** The stream's own end marker came. */
  readonly isDone: boolean
  /** The provider reported an error inside the stream. */
  readonly hasError: boolean
}

export type StreamMeter = {
  /** Takes bytes as they come, one character each; returns what may pass now, whole events only. */
  readonly push: (chunk: string) => string
  /** What was held back: the end marker, which the caller sends when the charge is written, or an event that never ended. */
  readonly finish: () => string
  readonly isDone: () => boolean
  readonly observed: () => Observed
}

const NULL_USAGE = ',"usage":null'

export function createStreamMeter(options: MeterOptions): StreamMeter {
  const { notable, end: lastEvent, closing, endTells, model: modelPattern, pieceMark, pieces: pieceNames, usualPiece, isError } = options.dialect
  /** The beginning of an event whose end has not come, and its last characters: the blank line may lie across the seam. */
  let carry = ''
  let seam = ''
  let isUnread = false
  let endMarker = ''
  let model: string | null = null
  let pieces = 0
  /** How many of them there were when usage was told. */
  let piecesTold = 0
  let textLength = 0
  let text = ''
  let flatLength = 0
  let hasError = false
  let isClosed = false

  function push(chunk: string): string {
    if (endMarker !== '') return ''
    if (isUnread) return passUnread(chunk)
    const end = endOfLastEvent(seam + chunk) - seam.length
    if (end > 0) {
      const whole = takeCarry() + (end === chunk.length ? chunk : chunk.slice(0, end))
      carry = chunk.slice(end)
      seam = carry.slice(-SEAM)
      return readEvents(whole)
    }
    carry += chunk
    seam = (seam + chunk).slice(-SEAM)
    if (carry.length <= options.eventMax) return ''
    isUnread = true
    const tail = seam
    const passed = takeCarry()
    seam = tail
    return passed
  }

  /** The oversized event ends at the first blank line; what follows it is read again. */
  function passUnread(chunk: string): string {
    const end = endOfFirstEvent(seam + chunk, 0) - seam.length
    if (end < 0) {
      seam = (seam + chunk).slice(-SEAM)
      return chunk
    }
    isUnread = false
    seam = ''
    return chunk.slice(0, end) + push(chunk.slice(end))
  }

  function takeCarry(): string {
    const taken = carry
    carry = ''
    seam = ''
    return taken
  }

  function readEvents(events: string): string {
    if (events.length <= options.eventMax) return readChunk(events)
    let output = ''
    for (let at = 0; at < events.length && endMarker === ''; ) {
      const next = nextEvent(events, at)
      output += next - at > options.eventMax ? events.slice(at, next) : readChunk(events.slice(at, next))
      at = next
    }
    return output
  }

  /** The usual chunk needs no look at its single events: nothing in it mentions usage, an error or the end. */
  function readChunk(events: string): string {
    const passing = options.wantsUsage ? events : events.replaceAll(NULL_USAGE, '')
    if (model === null) model = nameIn(passing, modelPattern)
    const first = passing.search(notable)
    if (first < 0) {
      observe(passing)
      return passing
    }
    // What stands before the first notable event passes as one piece, as it would have alone. A last piece that ends a stream may be anywhere.
    const start = closing === null ? startOfEvent(passing, first) : 0
    let output = passing.slice(0, start)
    observe(output)
    for (let at = start; at < passing.length && endMarker === ''; ) {
      const next = nextEvent(passing, at)
      const event = passing.slice(at, next)
      observe(event)
      output += readEvent(event)
      at = next
    }
    return output
  }

  function readEvent(event: string): string {
    const isEnd = lastEvent !== null && lastEvent.test(event)
    const data = isEnd ? (endTells ? parseData(event) : null) : notable.test(event) ? parseData(event) : null
    if (closing !== null && closing.test(event)) isClosed = true
    if (data !== null) {
      if (isError(data)) hasError = true
      else piecesTold = pieces
      options.reader.add(data)
    }
    if (isEnd) {
      endMarker = event
      return ''
    }
    return data !== null && !options.wantsUsage && isUsageEvent(data) ? '' : event
  }

  /** Adds up the pieces of answer text. A quote inside text is escaped in JSON, so these patterns match members only. */
  function observe(events: string): void {
    for (let at = events.indexOf(pieceMark); at >= 0; ) {
      const from = at + pieceMark.length
      at = events.indexOf(pieceMark, from)
      const start = usualPiece === null ? from : from + usualPiece.length
      const end = usualPiece !== null && events.startsWith(usualPiece, from) ? endOfText(events, start) : start
      if (end > start) observePiece(events.slice(start, end))
      else observeDelta(events.slice(from, at < 0 ? events.length : at))
    }
  }

  function observePiece(piece: string): void {
    pieces += 1
    textLength += piece.length
    if (text.length < options.observedTextMax) keep(piece)
  }

  function observeDelta(delta: string): void {
    let length = 0
    for (const [index, name] of pieceNames.entries()) {
      const found = delta.indexOf(name)
      const start = found < 0 ? -1 : startOfText(delta, found + name.length)
      if (start < 0) continue
      const end = endOfText(delta, start)
      length += end - start
      if (text.length < options.observedTextMax) keep(delta.slice(start, end))
      if (index === 0) break
    }
    if (length > 0) pieces += 1
    textLength += length
  }

  /** A slice keeps the whole chunk alive that it was cut from: now and then the pieces are copied into one fresh string. */
  function keep(piece: string): void {
    text += piece
    if (text.length < flatLength + FLATTEN_EVERY) return
    text = Buffer.from(text, 'latin1').toString('latin1')
    flatLength = text.length
  }

  return {
    push,
    finish: () => {
      const left = endMarker === '' && !isUnread ? readEvents(takeCarry()) : ''
      return left + endMarker
    },
    isDone: () => endMarker !== '',
    observed: () => ({ model, pieces, isPartial: pieces > piecesTold, textLength, text, isDone: endMarker !== '' || isClosed, hasError }),
  }
}

type Fields = Readonly<Record<string, unknown>>

const FLATTEN_EVERY = 4096
/** Characters of a blank line, less the one that the next chunk brings. */
const SEAM = 2

/** Position after the blank line that ends the last whole event; 0 when there is none. */
function endOfLastEvent(text: string): number {
  if (text.endsWith('\n\n') || text.endsWith('\n\r\n')) return text.length
  const plain = text.lastIndexOf('\n\n')
  const carriage = text.lastIndexOf('\n\r\n')
  return Math.max(plain < 0 ? 0 : plain + 2, carriage < 0 ? 0 : carriage + 3)
}

/** Position after the first blank line; negative when there is none. Line by line: a search for either kind of blank line would look through all that follows for the other. */
function endOfFirstEvent(text: string, from: number): number {
  for (let line = text.indexOf('\n', from); line >= 0; line = text.indexOf('\n', line + 1)) {
    const next = text.charCodeAt(line + 1)
    if (next === LINE_FEED) return line + 2
    if (next === CARRIAGE_RETURN && text.charCodeAt(line + 2) === LINE_FEED) return line + 3
  }
  return -Infinity
}

/** Where the event begins that has the character at `index`. */
function startOfEvent(text: string, index: number): number {
  const plain = text.lastIndexOf('\n\n', index)
  const carriage = text.lastIndexOf('\n\r\n', index)
  return Math.max(plain < 0 ? 0 : plain + 2, carriage < 0 ? 0 : carriage + 3)
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

function nextEvent(text: string, from: number): number {
  const end = endOfFirstEvent(text, from)
  return end < 0 ? text.length : end
}

/** The event that only tells usage: what OpenAI adds to a stream when asked. */
function isUsageEvent({ usage, choices }: Fields): boolean {
  return typeof usage === 'object' && usage !== null && Array.isArray(choices) && choices.length === 0
}

function nameIn(events: string, pattern: RegExp): string | null {
  const match = pattern.exec(events)
  return match === null ? null : unescape(match[1]!)
}

/** After `"name":` an optional space and the opening quote; -1 when the value is no string. */
function startOfText(events: string, at: number): number {
  const quote = events.charCodeAt(at) === 0x20 ? at + 1 : at
  return events.charCodeAt(quote) === 0x22 ? quote + 1 : -1
}

function endOfText(events: string, from: number): number {
  for (let quote = events.indexOf('"', from); quote >= 0; quote = events.indexOf('"', quote + 1)) {
    let backslashes = 0
    while (events.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes += 1
    if (backslashes % 2 === 0) return quote
  }
  return events.length
}

/** The JSON of an event's data lines. */
function parseData(event: string): Fields | null {
  let data = ''
  for (const line of event.split('\n')) {
    if (line.startsWith('data:')) data += (data === '' ? '' : '\n') + line.slice(line.startsWith('data: ') ? 6 : 5).replace(/\r$/, '')
  }
  try {
    const value: unknown = JSON.parse(data)
    return typeof value === 'object' && value !== null ? (value as Fields) : null
  } catch {
    return null
  }
}

function unescape(raw: string): string {
  try {
    return JSON.parse(`"${raw}"`) as string
  } catch {
    return raw
  }
}
