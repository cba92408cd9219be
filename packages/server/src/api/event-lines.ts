// Events one a line, as long a body as its sender has: read and settled piece by piece, each answered by a line as soon as it is durable.
// Bounded in lines, bytes and the length of a line; a full queue makes the reading wait, and TCP makes the sender wait. When the
// body ends before its end, or the server does, what was answered was taken and nothing else.

import { setTimeout as delay } from 'node:timers/promises'
import { EVENT_BYTES_MAX, EVENT_LINES_MAX, EVENT_STREAM_BYTES_MAX, EVENT_STREAM_CHUNK, EVENT_STREAM_RETRIES_MAX, EVENT_STREAM_RETRY_MS, type EventResult } from '@tollgate/core'
import type { IncomingEvent } from '../app/events/read-event.ts'

/** Throws QueueFullError when too much waits. */
export type Settle = (events: readonly IncomingEvent[]) => Promise<readonly EventResult[]>

/** A character has at most four bytes. */
const LINE_BYTES_MAX = 4 * EVENT_BYTES_MAX

/** The lines of the answer: one for each line that was read, then one with the sums, or with why it stopped. */
export async function* settleLines(body: AsyncIterable<Buffer>, settle: Settle): AsyncIterable<string> {
  const sums = { accepted: 0, duplicate: 0, conflict: 0, rejected: 0, parked: 0 }
  let lines = 0
  try {
    for await (const chunk of chunksOf(linesOf(body), EVENT_STREAM_CHUNK)) {
      const results = await settleChunk(chunk, settle)
      let text = ''
      for (const result of results) {
        sums[result.status] += 1
        text += `${JSON.stringify({ line: (lines += 1), ...result })}\n`
      }
      yield text
    }
    yield `${JSON.stringify({ done: true, lines, ...sums })}\n`
  } catch (error) {
    yield `${JSON.stringify({ done: false, lines, ...sums, reason: stopReason(error) })}\n`
  }
}

/** What is wrong with the body is told; what went wrong with us is not. */
function stopReason(error: unknown): string {
  return error instanceof LinesError ? error.message : 'the server could not go on: send the lines after the last answered one again'
}

class LinesError extends Error {
  override readonly name = 'LinesError'
}

type Line = { readonly event: IncomingEvent } | { readonly fault: string }

async function settleChunk(chunk: readonly Line[], settle: Settle): Promise<EventResult[]> {
  const events = chunk.flatMap((line) => ('event' in line ? [line.event] : []))
  const settled = events.length === 0 ? [] : await withPatience(() => settle(events))
  let next = 0
  return chunk.map((line) => ('event' in line ? settled[next++]! : { status: 'rejected', id: null, field: null, reason: line.fault }))
}

/** A sender in mid-body cannot be told 429; it is made to wait instead. */
async function withPatience<T>(work: () => Promise<T>): Promise<T> {
  for (let retry = 0; ; retry++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'QueueFullError' || retry === EVENT_STREAM_RETRIES_MAX) throw error
      await delay(EVENT_STREAM_RETRY_MS)
    }
  }
}

async function* chunksOf<T>(items: AsyncIterable<T>, size: number): AsyncIterable<readonly T[]> {
  let chunk: T[] = []
  for await (const item of items) {
    chunk.push(item)
    if (chunk.length < size) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncIterable<Line> {
  let rest: Buffer = Buffer.alloc(0)
  let [bytes, lines] = [0, 0]
  let isTooLong = false
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > EVENT_STREAM_BYTES_MAX) throw new LinesError(`a body of lines has at most ${EVENT_STREAM_BYTES_MAX} bytes`)
    let text: Buffer = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10)) {
      const line = lineOf(text.subarray(0, end), isTooLong)
      isTooLong = false
      text = text.subarray(end + 1)
      if (line === null) continue
      if ((lines += 1) > EVENT_LINES_MAX) throw new LinesError(`a body has at most ${EVENT_LINES_MAX} lines`)
      yield line
    }
    // A line without end is not kept, only remembered as too long.
    if (text.length > LINE_BYTES_MAX) isTooLong = true
    rest = isTooLong ? Buffer.alloc(0) : Buffer.from(text)
  }
  const last = lineOf(rest, isTooLong)
  if (last !== null) yield last
}

/** Null for an empty line. */
function lineOf(bytes: Buffer, isTooLong: boolean): Line | null {
  if (isTooLong || bytes.length > LINE_BYTES_MAX) return { fault: `the line is longer than ${LINE_BYTES_MAX} bytes` }
  const text = bytes.toString('utf8').trim()
  if (text === '') return null
  try {
    return { event: JSON.parse(text) as IncomingEvent }
  } catch (error) {
    return { fault: `the line is not valid JSON: ${(error as Error).message.slice(0, 200)}` }
  }
}
