// The client's side of an answer that passes through: head, pieces and end, with back-pressure on the upstream. Pieces are text
// of one character per byte and are framed here, each as one HTTP chunk in one write, because node would make three of it.
// Invariant: nothing is written after the client has gone; a client that stops reading counts as gone after a while.

import type { AnswerCopy } from './cache/keep.ts'
import type { Exchange } from './exchange.ts'
import type { Flow } from './flow/decoder.ts'

/** A class, because one is made per request and its methods are called for each piece. */
export class ClientBody {
  readonly #exchange: Exchange
  readonly #onGone: () => void
  /** HTTP/1.0 knows no chunks: its body ends with the connection. */
  readonly #isFramed: boolean
  #control: Flow | null = null
  #stall: NodeJS.Timeout | null = null
  #isGone = false
  #copy: AnswerCopy | null = null

  constructor(exchange: Exchange, onGone: () => void) {
    this.#exchange = exchange
    this.#onGone = onGone
    this.#isFramed = exchange.request.httpVersionMinor > 0
    exchange.response.on('close', () => this.#onClose())
  }

  /** Whom to pause while the client is slow. The upstream may have answered already. */
  paces(control: Flow): void {
    this.#control = control
    if (this.#exchange.response.destroyed) this.#onClose()
  }

  /** Pieces go into the copy too. */
  copiesTo(copy: AnswerCopy): void {
    this.#copy = copy
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Writes the head; it leaves with the first piece, or by `flush`. */
  begin(status: number, headers: string[]): void {
    const { response, context } = this.#exchange
    if (this.#isGone) return
    if (context.isClosing()) headers.push('connection', 'close')
    response.writeHead(status, headers)
    // The head says chunked; from here on the frames are ours.
    if (this.#isFramed) response.chunkedEncoding = false
  }

  /** Sends the head when no piece has taken it along. */
  flush(): void {
    if (!this.#isGone) this.#exchange.response.flushHeaders()
  }

  write(piece: string): void {
    const { response, context } = this.#exchange
    if (this.#isGone || piece === '') return
    if (this.#copy !== null) this.#copy.add(piece)
    if (response.write(this.#isFramed ? framed(piece) : piece, 'latin1') || this.#stall !== null) return
    this.#control?.pause()
    this.#stall = setTimeout(() => response.destroy(), context.limits.clientStallMs)
    response.once('drain', () => this.#onDrained())
  }

  /** The last piece and the end of the answer. */
  end(piece: string): void {
    if (this.#isGone) return
    const { response } = this.#exchange
    if (this.#isFramed) response.end(`${piece === '' ? '' : framed(piece)}0\r\n\r\n`, 'latin1')
    else response.end(piece, 'latin1')
  }

  #onDrained(): void {
    if (this.#stall !== null) clearTimeout(this.#stall)
    this.#stall = null
    this.#control?.resume()
  }

  #onClose(): void {
    if (this.#isGone || this.#exchange.response.writableFinished) return
    this.#isGone = true
    if (this.#stall !== null) this.#onDrained()
    this.#onGone()
  }
}

function framed(piece: string): string {
  return `${piece.length.toString(16)}\r\n${piece}\r\n`
}
