// The port to a provider: one request out, head and bytes back, with back-pressure and an abort. Its adapter drives undici's
// dispatch directly, without streams in between. It meters nothing and reads no body. A request is sent a second time only
// when the connection failed before any byte of the answer, on a socket of its own, and only within moments.

import type { IncomingHttpHeaders } from 'node:http'
import { Client, Pool, type Dispatcher } from 'undici'
import type { GatewayLimits } from './limits.ts'
import { createSlots, type Slots } from './slots.ts'
import { publicLookup } from '../platform/public-lookup.ts'

export type Upstream = {
  /** Sends at once; exactly one of `onEnd` and `onFailure` is called in the end. */
  readonly send: (request: UpstreamRequest, receiver: UpstreamReceiver) => UpstreamControl
  /** Who may ask it now; its callers enter before they send. */
  readonly slots: Slots
  /** Resolves when the requests in flight have ended. */
  readonly close: () => Promise<void>
  /** Ends the requests in flight as aborted. */
  readonly destroy: () => Promise<void>
}

export type UpstreamRequest = {
  /** POST unless stated. */
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  /** Names and values in turn. */
  readonly headers: string[]
  /** Null for a request without one. */
  readonly body: Buffer | null
  /** How long the head of the answer may take: for a JSON answer that is the whole generation. */
  readonly headTimeoutMs: number
  /** Silence that ends it within its answer; that of the gateway unless stated. */
  readonly idleTimeoutMs?: number
}

export type UpstreamReceiver = {
  readonly onHead: (status: number, headers: IncomingHttpHeaders) => void
  readonly onData: (chunk: Buffer) => void
  readonly onEnd: () => void
  readonly onFailure: (failure: UpstreamFailure, error: Error) => void
}

export type UpstreamControl = {
  /** How often the request was sent so far. */
  readonly attempts: number
  readonly pause: () => void
  readonly resume: () => void
  /** Ends the request; `onFailure('aborted')` follows unless it had ended already. */
  readonly abort: () => void
}

/** unreachable: no connection; cut: it broke; silent: a timeout; aborted: by us; resting: not asked, because it failed several times in a row. */
export type UpstreamFailure = 'unreachable' | 'cut' | 'silent' | 'aborted' | 'resting'

export type UpstreamOptions = {
  readonly allowPrivate: boolean
  readonly limits: Pick<GatewayLimits, 'upstreamConnectTimeoutMs' | 'upstreamIdleMs' | 'upstreamSlotsMax' | 'upstreamQueueMax' | 'upstreamQueueMs' | 'upstreamKeepAliveMs'>
  /** Told of each request that is sent a second time. */
  readonly onRetry: () => void
}

/** `origin` is scheme, host and port. */
export function createUpstream(origin: string, options: UpstreamOptions): Upstream {
  const { limits } = options
  const connect = { timeout: limits.upstreamConnectTimeoutMs, ...(options.allowPrivate ? {} : { lookup: publicLookup }) }
  const settings = { connect, pipelining: 1, bodyTimeout: limits.upstreamIdleMs, keepAliveTimeout: limits.upstreamKeepAliveMs, allowH2: false }
  const pool = new Pool(origin, { ...settings, connections: limits.upstreamSlotsMax })
  const retry = (dispatch: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => {
    options.onRetry()
    const client = new Client(origin, settings)
    client.dispatch(dispatch, handler)
    void client.close()
  }
  return {
    slots: createSlots(limits),
    send: (request, receiver) => {
      const { path, headers, body, headTimeoutMs, idleTimeoutMs = limits.upstreamIdleMs, method = 'POST' } = request
      const dispatch = { path, method, headers, body, headersTimeout: headTimeoutMs, bodyTimeout: idleTimeoutMs } as const
      const handler = new Handler(receiver, (again) => retry(dispatch, again))
      pool.dispatch(dispatch, handler)
      return handler
    },
    close: async () => {
      if (!pool.closed && !pool.destroyed) await pool.close()
    },
    destroy: async () => {
      if (!pool.destroyed) await pool.destroy()
    },
  }
}

/** A stale socket shows itself within a round trip; a connection that breaks later may have cost a whole generation. */
const RETRY_WITHIN_MS = 2_000

/** A class, because one is made per request and undici calls its methods for each chunk. */
class Handler implements Dispatcher.DispatchHandler, UpstreamControl {
  readonly #receiver: UpstreamReceiver
  readonly #retry: (handler: Handler) => void
  readonly #startedAt = performance.now()
  #controller: Dispatcher.DispatchController | null = null
  #hasHead = false
  #hasRetried = false
  #isAborted = false

  constructor(receiver: UpstreamReceiver, retry: (handler: Handler) => void) {
    this.#receiver = receiver
    this.#retry = retry
  }

  get attempts(): number {
    return this.#hasRetried ? 2 : 1
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  abort(): void {
    this.#isAborted = true
    this.#controller?.abort(new Error('aborted by the gateway'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isAborted) controller.abort(new Error('aborted by the gateway'))
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    this.#hasHead = true
    this.#receiver.onHead(status, headers)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#receiver.onData(chunk)
  }

  onResponseEnd(): void {
    this.#receiver.onEnd()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const failure = this.#isAborted ? 'aborted' : failureOf(error)
    const mayRetry = !this.#hasHead && !this.#hasRetried && performance.now() - this.#startedAt < RETRY_WITHIN_MS
    if (mayRetry && (failure === 'cut' || failure === 'unreachable') && !isHopeless(error)) {
      this.#hasRetried = true
      this.#controller = null
      this.#retry(this)
    } else {
      this.#receiver.onFailure(failure, error)
    }
  }
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EPRIVATE', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT'])
const DESTROYED = new Set(['UND_ERR_DESTROYED', 'UND_ERR_CLOSED', 'UND_ERR_ABORTED'])
const SILENT = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

function failureOf(error: Error): UpstreamFailure {
  const { code } = error as NodeJS.ErrnoException
  if (code !== undefined && DESTROYED.has(code)) return 'aborted'
  return code === undefined ? 'cut' : UNREACHABLE.has(code) ? 'unreachable' : SILENT.has(code) ? 'silent' : 'cut'
}

/** What a second attempt cannot mend. */
function isHopeless(error: Error): boolean {
  const { code = '' } = error as NodeJS.ErrnoException
  return code === 'EPRIVATE' || code === 'UND_ERR_CONNECT_TIMEOUT' || code.includes('CERT')
}
