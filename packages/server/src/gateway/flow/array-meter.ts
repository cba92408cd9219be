// Reads usage out of a stream that is one JSON array, piece by piece as the pieces end: Gemini's without `alt=sse`. Every byte passes
// as it comes. It counts depth outside of strings, parses each whole piece, and holds none beyond the bound.

import type { MeterOptions, Observed, StreamMeter } from './stream-meter.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

export function createArrayMeter(options: MeterOptions): StreamMeter {
  let depth = 0
  let isText = false
  let isEscaped = false
  /** The piece that has begun, as far as it came; null when it grew past the bound. */
  let piece: string | null = ''
  let piecesTold = 0
  let isClosed = false
  const seen = { model: null as string | null, pieces: 0, textLength: 0, text: '', hasError: false }

  function push(chunk: string): string {
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      const code = chunk.charCodeAt(at)
      if (isText) {
        if (isEscaped) isEscaped = false
        else if (code === BACKSLASH) isEscaped = true
        else if (code === QUOTE) isText = false
      } else if (code === QUOTE) {
        isText = true
      } else if (code === OPEN_BRACE) {
        if (depth++ === 0) from = at
      } else if (code === CLOSE_BRACE && --depth === 0) {
        keep(chunk.slice(from, at + 1))
        finishPiece()
        from = at + 1
      }
    }
    if (depth > 0) keep(chunk.slice(from))
    return chunk
  }

  function keep(part: string): void {
    if (piece === null) return
    piece = piece.length + part.length > options.eventMax ? null : piece + part
  }

  function finishPiece(): void {
    const whole = piece
    piece = ''
    if (whole !== null) read(whole)
  }

  function read(whole: string): void {
    const { dialect, reader, observedTextMax } = options
    seen.model ??= dialect.model.exec(whole)?.[1] ?? null
    try {
      const data = JSON.parse(whole) as Readonly<Record<string, unknown>>
      if (dialect.isError(data)) seen.hasError = true
      reader.add(data)
    } catch {
      return
    }
    if (dialect.closing?.test(whole) === true) isClosed = true
    let length = 0
    for (const [, text] of whole.matchAll(/"text": ?"((?:[^"\\]|\\.)*)"/g)) {
      length += text!.length
      if (seen.text.length < observedTextMax) seen.text += text
    }
    if (length > 0) seen.pieces += 1
    seen.textLength += length
    if (dialect.notable.test(whole)) piecesTold = seen.pieces
  }

  return {
    push,
    finish: () => '',
    isDone: () => false,
    observed: (): Observed => ({ ...seen, isPartial: seen.pieces > piecesTold, isDone: isClosed }),
  }
}
