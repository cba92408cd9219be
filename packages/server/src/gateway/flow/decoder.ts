// Unpacks the answer of a provider that compresses though it was asked not to: what cannot be read cannot be metered. The usual
// answer never comes here. A few bytes can unpack to very many: it unpacks no further while whoever gets them is slow, and takes no more
// from the provider meanwhile.

import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress, type Zlib } from 'node:zlib'
import type { Transform } from 'node:stream'

export type Decoder = {
  readonly write: (chunk: Buffer) => void
  /** Unpacks no further for now. */
  readonly pause: () => void
  readonly resume: () => void
  /** Calls back when all that came is unpacked, with the error if it could not be. */
  readonly end: (then: (error: Error | null) => void) => void
}

const DECODERS: Readonly<Record<string, () => Transform & Zlib>> = { 'gzip': createGunzip, 'x-gzip': createGunzip, 'br': createBrotliDecompress, 'deflate': createInflate, 'zstd': createZstdDecompress }

/** Who can be told to wait. */
export type Flow = { readonly pause: () => void; readonly resume: () => void }

/** Null for an answer that came plain, or packed in a way that nobody knows. */
export function decoderFor(encoding: string, onData: (chunk: Buffer) => void, provider: Flow): Decoder | null {
  const open = DECODERS[encoding.toLowerCase()]
  if (open === undefined) return null
  const stream = open()
  let failure: Error | null = null
  let onDone: ((error: Error | null) => void) | null = null
  const done = (error: Error | null) => {
    failure ??= error
    onDone?.(failure)
    onDone = null
  }
  let isFull = false
  stream.on('data', onData)
  stream.on('drain', () => {
    isFull = false
    provider.resume()
  })
  stream.on('end', () => done(null))
  stream.on('error', (error: Error) => done(error))
  return {
    write: (chunk) => {
      if (failure !== null || stream.write(chunk) || isFull) return
      isFull = true
      provider.pause()
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    end: (then) => {
      if (failure !== null || stream.readableEnded) return then(failure)
      onDone = then
      stream.end()
    },
  }
}
