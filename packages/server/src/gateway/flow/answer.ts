// Receives one upstream answer: a stream goes on to the client as it comes, through the meter; anything else is held until it is
// whole, so that its charge can stand in the headers. It settles nothing: `ended` tells the flow what came. Invariant: an
// upstream whose client has gone is drained within a bound, and the end of a stream waits for its settlement.

import type { IncomingHttpHeaders } from 'node:http'
import type { UsageReader } from '@tollgate/core'
import { ClientBody } from '../client-body.ts'
import { idHeaders, type Exchange } from '../exchange.ts'
import { clientHeaders } from '../headers.ts'
import type { UpstreamControl, UpstreamFailure, UpstreamReceiver } from '../upstream.ts'
import type { Surface, SurfaceRequest } from '../surface.ts'
import { createArrayMeter } from './array-meter.ts'
import { decoderFor, type Decoder } from './decoder.ts'
import { createStreamMeter, type StreamMeter } from './stream-meter.ts'
import { usableUsage } from './usage.ts'

export type AnswerEnd =
  /** No head, or a body that broke off before anything was passed on. */
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure; readonly error: Error }
  | { readonly kind: 'whole'; readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer }
  /** Too large to hold: it has passed already; `tail` is its end, where the usage stands. */
  | { readonly kind: 'passed'; readonly tail: string; readonly failure: UpstreamFailure | null }
  /** Everything but `held` and the end marker has passed. `failure` is null when the stream ended by itself, early or not. */
  | { readonly kind: 'streamed'; readonly meter: StreamMeter; readonly held: string; readonly failure: UpstreamFailure | null }

/** Length kept of an answer that is too large to hold: enough for the members that follow the choices. */
const TAIL_LENGTH = 16 * 1024

/** A class, because one is made per request and its methods are called for each chunk. */
export class Answer implements UpstreamReceiver {
  readonly ended: Promise<AnswerEnd>
  readonly body: ClientBody
  readonly #exchange: Exchange
  readonly #surface: Surface
  readonly #request: SurfaceRequest
  readonly #reader: UsageReader
  /** Headers of ours that a stream begins with. */
  readonly #streamHeaders: () => readonly string[]
  readonly #stopsWhenGone: boolean
  #end!: (end: AnswerEnd) => void
  #control: UpstreamControl | null = null
  /** The provider waits while a slow client or a full decoder wants it to: for as many as asked for it. */
  #waits = 0
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #firstByteAt = 0
  #chunks: Buffer[] = []
  #size = 0
  /** Of a provider that compresses though we asked it not to. */
  #decoder: Decoder | null = null
  #tail: string | null = null
  #meter: StreamMeter | null = null
  /** Bytes of a stream that came in this turn of the event loop. */
  #received = ''
  #isFlushing = false
  #isArray = false
  #drainTimer: NodeJS.Timeout | null = null
  #drained = 0
  #isEnded = false
  #onGood: (() => void) | null = null

  constructor(exchange: Exchange, options: { readonly surface: Surface; readonly request: SurfaceRequest; readonly reader: UsageReader; readonly streamHeaders: () => readonly string[]; /** A client that went away stops it at once. */ readonly stopsWhenGone?: boolean }) {
    this.#exchange = exchange
    this.#surface = options.surface
    this.#request = options.request
    this.#reader = options.reader
    this.#streamHeaders = options.streamHeaders
    this.#stopsWhenGone = options.stopsWhenGone === true
    this.ended = new Promise((resolve) => { this.#end = resolve })
    this.body = new ClientBody(exchange, () => this.#onClientGone())
  }

  /** Tells whom to pause and to abort; the upstream may have answered already. */
  startedWith(control: UpstreamControl): void {
    this.#control = control
    this.body.paces(this)
  }

  /** Waits for a client that is slow. */
  pause(): void {
    this.#decoder?.pause()
    this.#wait()
  }

  resume(): void {
    this.#decoder?.resume()
    this.#goOn()
  }

  #wait(): void {
    if (this.#waits++ === 0) this.#control?.pause()
  }

  #goOn(): void {
    if (this.#waits > 0 && --this.#waits === 0) this.#control?.resume()
  }

  /** Is told when a good answer begins. */
  tellsGood(onGood: () => void): void {
    this.#onGood = onGood
  }

  /** How often the provider was asked. */
  get attempts(): number {
    return this.#control?.attempts ?? 1
  }

  get contentType(): string | undefined {
    return this.#headers['content-type']
  }

  /** A stream that is the pieces of one JSON array. */
  get isArray(): boolean {
    return this.#isArray
  }

  /** When the first bytes of the answer came, in milliseconds of the clock; 0 before. */
  get firstByteAt(): number {
    return this.#firstByteAt
  }

  onHead(status: number, headers: IncomingHttpHeaders): void {
    const { context } = this.#exchange
    this.#status = status
    this.#headers = headers
    this.#firstByteAt = context.clock.now()
    const encoding = headers['content-encoding']
    if (encoding !== undefined) this.#decoder = decoderFor(encoding, (chunk) => this.#take(chunk), { pause: () => this.#wait(), resume: () => this.#goOn() })
    if (status !== 200) return
    if (this.#onGood !== null) this.#onGood()
    const type = headers['content-type']
    if (this.#surface.answer.isBytes === true && type?.startsWith('application/json') === false && !type.startsWith('text/event-stream')) return this.#beginLarge()
    const isArray = this.#surface.answer.hasArrayStream === true && this.#request.isStream && type?.startsWith('application/json') === true
    if (!isArray && type?.startsWith('text/event-stream') !== true) return
    const options = { dialect: this.#surface.answer.stream, reader: this.#reader, wantsUsage: this.#request.wantsUsage, eventMax: context.limits.sseEventBytesMax, observedTextMax: context.limits.observedTextMax }
    this.#isArray = isArray
    this.#meter = isArray ? createArrayMeter(options) : createStreamMeter(options)
    this.#begin()
    if (this.body.isGone) this.#startDrain()
    this.#scheduleFlush()
  }

  onData(chunk: Buffer): void {
    if (this.#decoder === null) this.#take(chunk)
    else this.#decoder.write(chunk)
  }

  #take(chunk: Buffer): void {
    if (this.#meter !== null) {
      this.#received += chunk.toString('latin1')
      this.#scheduleFlush()
    } else if (this.#tail !== null) {
      this.#passLarge(chunk)
    } else {
      this.#chunks.push(chunk)
      this.#size += chunk.length
      if (this.#size > this.#exchange.context.limits.jsonBufferBytesMax) this.#beginLarge()
    }
  }

  onEnd(): void {
    if (this.#decoder === null) this.#finish()
    else this.#decoder.end((error) => (error === null ? this.#finish() : this.#fail('cut', error)))
  }

  #finish(): void {
    if (this.#meter !== null) return this.#endStream(null)
    if (this.#tail !== null) return this.#end({ kind: 'passed', tail: this.#tail, failure: null })
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    this.#end({ kind: 'whole', status: this.#status, headers: this.#headers, body })
  }

  onFailure(failure: UpstreamFailure, error: Error): void {
    if (this.#decoder === null) this.#fail(failure, error)
    else this.#decoder.end(() => this.#fail(failure, error))
  }

  #fail(failure: UpstreamFailure, error: Error): void {
    if (this.#meter !== null) this.#endStream(failure)
    else if (this.#tail !== null) this.#end({ kind: 'passed', tail: this.#tail, failure })
    else this.#end({ kind: 'failed', failure, error })
  }

  #begin(): void {
    this.body.begin(this.#status, [...clientHeaders(this.#headers), ...idHeaders(this.#exchange), ...this.#streamHeaders()])
  }

  /** Chunks that came in one packet are read and written as one. */
  #scheduleFlush(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    process.nextTick(flush, this)
  }

  flush(): void {
    if (!this.#isFlushing) return
    this.#isFlushing = false
    const passing = this.#meterReceived()
    if (this.#meter?.isDone() === true) this.#endDone(this.#meter, passing)
    else if (passing !== '') this.body.write(passing)
    else this.body.flush()
  }

  #meterReceived(): string {
    const received = this.#received
    this.#received = ''
    if (received === '' || this.#meter === null) return ''
    const passing = this.#meter.push(received)
    if (this.body.isGone) this.#countDrained(received.length)
    return passing
  }

  /** The provider may keep its connection open after the end marker: nobody waits for that. What came with the marker leaves with it. */
  #endDone(meter: StreamMeter, passing: string): void {
    this.#stopDrain()
    const isCounted = usableUsage(this.#reader.usage(), this.#surface) !== null
    if (!isCounted) this.body.write(passing)
    this.#end({ kind: 'streamed', meter, held: isCounted ? passing : '', failure: null })
  }

  #endStream(failure: UpstreamFailure | null): void {
    this.flush()
    this.#stopDrain()
    this.#end({ kind: 'streamed', meter: this.#meter!, held: '', failure })
  }

  #beginLarge(): void {
    const held = Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#tail = ''
    this.#begin()
    this.#passLarge(held)
  }

  #passLarge(chunk: Buffer): void {
    const text = chunk.toString('latin1')
    this.#tail = (this.#tail + text).slice(-TAIL_LENGTH)
    this.body.write(text)
  }

  /** A JSON answer is waited for, because the provider will charge for it anyway; a stream can still be stopped. */
  #onClientGone(): void {
    if (this.#meter !== null && !this.#isEnded) this.#startDrain()
  }

  #startDrain(): void {
    if (this.#stopsWhenGone) return this.#control?.abort()
    this.#drainTimer = setTimeout(() => this.#control?.abort(), this.#exchange.context.limits.drainTimeoutMs)
  }

  #stopDrain(): void {
    this.#isEnded = true
    if (this.#drainTimer !== null) clearTimeout(this.#drainTimer)
  }

  #countDrained(bytes: number): void {
    this.#drained += bytes
    if (this.#drained > this.#exchange.context.limits.drainBytesMax) this.#control?.abort()
  }
}

function flush(answer: Answer): void {
  answer.flush()
}
