// Just enough HTTP/1.1 framing for the benchmark's own two ends, so that neither of them is what is measured: whole messages
// are found in a socket's bytes by content-length or by the last chunk. Not a parser for strangers' traffic.

import type { Socket } from 'node:net'

/** Calls `onMessage` once per complete message that arrives on `socket`; keep-alive, no pipelining. */
export function eachMessage(socket: Socket, onMessage: (text: string) => void): void {
  let pending = ''
  socket.on('data', (chunk: Buffer) => {
    pending = pending === '' ? chunk.toString('latin1') : pending + chunk.toString('latin1')
    if (!isComplete(pending)) return
    const message = pending
    pending = ''
    onMessage(message)
  })
}

const LENGTH = /\r\ncontent-length: *(\d+)/i

function isComplete(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return false
  const length = LENGTH.exec(text.slice(0, headEnd))
  return length === null ? text.endsWith('0\r\n\r\n') : text.length >= headEnd + 4 + Number(length[1])
}

/** Tells the parent process where this one listens: one JSON line on stdout. It ends with its parent, however that ends. */
export function announce(port: number): void {
  process.stdin.once('end', () => process.exit(0)).resume()
  process.stdout.write(`${JSON.stringify({ port })}\n`)
}
