// Sends the events of a stream one by one, at the chosen pace and with the chosen fault in the middle.

import type { ServerResponse } from 'node:http'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import type { Controls } from './controls.ts'

/** `isArray`: the events are the pieces of one JSON array. */
export type Stream = { readonly events: readonly string[]; readonly errorEvent: string; readonly isArray: boolean }

export async function sendStream(response: ServerResponse, stream: Stream, controls: Controls): Promise<void> {
  const { events, isArray } = stream
  const half = Math.floor(events.length / 2)
  response.writeHead(200, { 'content-type': isArray ? 'application/json' : 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', 'openai-processing-ms': '1' })
  response.flushHeaders()
  for (const [index, event] of events.entries()) {
    if (response.destroyed) return
    if (index === half && (await breakOff(response, stream, controls))) return
    if (!response.write(event)) await drained(response)
    if (controls.chunkDelayMs > 0) await delay(controls.chunkDelayMs)
    else await nextTurn()
  }
  response.end()
}

/** True when the fault has ended the stream here. */
async function breakOff(response: ServerResponse, stream: Stream, controls: Controls): Promise<boolean> {
  switch (controls.fault?.kind) {
    case 'cut':
      // What was written reaches the client before the connection breaks.
      await delay(5)
      response.destroy()
      return true
    case 'silence':
      return true
    case 'early-end':
      response.end()
      return true
    case 'error-event':
      response.end(stream.errorEvent)
      return true
    default:
      return false
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve)
    response.once('close', resolve)
  })
}
