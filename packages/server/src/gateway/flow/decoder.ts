// Unpacks the answer of a provider that compresses though it was asked not to: what cannot be read cannot be metered. The usual
// answer never comes here. What comes out is bounded where it goes, as if it had come plain.

import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress, type Zlib } from 'node:zlib'
import type { Transform } from 'node:stream'

export type Decoder = {
  readonly write: (chunk: Buffer) => void
  /** Calls back when all that came is unpacked, with the error if it could not be. */
  readonly end: (then: (error: Error | null) => void) => void
}

const DECODERS: Readonly<Record<string, () => Transform & Zlib>> = { 'gzip': createGunzip, 'x-gzip': createGunzip, 'br': createBrotliDecompress, 'deflate': createInflate, 'zstd': createZstdDecompress }

/** Null for an answer that came plain, or packed in a way that nobody knows. */
export function decoderFor(encoding: string | undefined, onData: (chunk: Buffer) => void): Decoder | null {
  const open = encoding === undefined ? undefined : DECODERS[encoding.toLowerCase()]
  if (open === undefined) return null
  const stream = open()
  let failure: Error | null = null
  let onDone: ((error: Error | null) => void) | null = null
  const done = (error: Error | null) => {
    failure ??= error
    onDone?.(failure)
    onDone = null
  }
  stream.on('data', onData)
  stream.on('end', () => done(null))
  stream.on('error', (error: Error) => done(error))
  return {
    write: (chunk) => {
      if (failure === null) stream.write(chunk)
    },
    end: (then) => {
      if (failure !== null || stream.readableEnded) return then(failure)
      onDone = then
      stream.end()
    },
  }
}
