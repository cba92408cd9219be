// Small requests to a provider beside the flow: looking after background work. Bodies are bounded; lines of a long result are handed
// over one by one and none is kept. Nothing here is metered, because nothing here costs.

import type { IncomingHttpHeaders } from 'node:http'
import { ClientBody } from '../client-body.ts'
import { idHeaders, type Exchange } from '../exchange.ts'
import { clientHeaders } from '../headers.ts'
import type { UpstreamRequest } from '../upstream.ts'
import type { Target } from '../upstreams.ts'

export type Fetched = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer }
export type FetchInput = { readonly method: 'GET' | 'POST' | 'DELETE'; readonly path: string; readonly model: string; readonly headers?: readonly string[] }

const TIMEOUT_MS = 60_000
/** A response, or the state of a batch. */
const BODY_BYTES_MAX = 32 * 1024 * 1024
/** One answer of a batch; a longer line is passed over and counts as one that told nothing. */
const LINE_BYTES_MAX = 16 * 1024 * 1024

export function fetchWhole(target: Target, input: FetchInput): Promise<Fetched> {
  const chunks: Buffer[] = []
  let size = 0
  return send(target, input, (chunk, abort) => {
    size += chunk.length
    if (size > BODY_BYTES_MAX) abort()
    else chunks.push(chunk)
  }).then(({ status, headers }) => ({ status, headers, body: Buffer.concat(chunks) }))
}

/** Passes an answer on as it comes, whatever its length; the provider is paused while the client is slow. Rejects where nothing had come. */
export function passOn(exchange: Exchange, target: Target, input: FetchInput): Promise<void> {
  return new Promise((resolve, reject) => {
    let hasHead = false
    const body = new ClientBody(exchange, () => control.abort())
    const control = target.upstream.send(requestOf(target, input), {
      onHead: (status, headers) => {
        hasHead = true
        body.begin(status, [...clientHeaders(headers), ...idHeaders(exchange)])
      },
      onData: (chunk) => body.write(chunk.toString('latin1')),
      onEnd: () => {
        body.end('')
        resolve()
      },
      onFailure: (_, error) => {
        if (!hasHead && !body.isGone) return reject(error)
        exchange.response.destroy()
        resolve()
      },
    })
    body.paces(control)
  })
}

function requestOf(target: Target, input: FetchInput): UpstreamRequest {
  return { method: input.method, path: target.pathOf(input.path, input.model), headers: [...target.headers, ...target.defaults, ...(input.headers ?? [])], body: null, headTimeoutMs: TIMEOUT_MS }
}

/** Hands over each line of the body, without its end; null for one that is too long. */
export async function fetchLines(target: Target, input: FetchInput, onLine: (line: string | null) => void): Promise<number> {
  let rest = ''
  let isTooLong = false
  const end = () => {
    if (isTooLong) onLine(null)
    else if (rest.trim() !== '') onLine(Buffer.from(rest, 'latin1').toString())
    rest = ''
    isTooLong = false
  }
  const { status } = await send(target, input, (chunk) => {
    const parts = chunk.toString('latin1').split('\n')
    for (const [index, part] of parts.entries()) {
      if (index > 0) end()
      if (rest.length + part.length > LINE_BYTES_MAX) {
        isTooLong = true
        rest = ''
      } else if (!isTooLong) {
        rest += part
      }
    }
  })
  end()
  return status
}

function send(target: Target, input: FetchInput, onData: (chunk: Buffer, abort: () => void) => void): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    let head: { readonly status: number; readonly headers: IncomingHttpHeaders } = { status: 0, headers: {} }
    const control = target.upstream.send(
      requestOf(target, input),
      {
        onHead: (status, headers) => { head = { status, headers } },
        onData: (chunk) => onData(chunk, () => control.abort()),
        onEnd: () => resolve(head),
        onFailure: (_, error) => reject(error),
      },
    )
  })
}
