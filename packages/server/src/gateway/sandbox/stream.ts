// Sends a completion as OpenAI's server-sent events, one word an event, at the chosen pace and with the chosen fault in the middle.

import type { ServerResponse } from 'node:http'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import type { Completion } from './completion.ts'
import type { Controls } from './controls.ts'

export async function sendStream(response: ServerResponse, completion: Completion, controls: Controls): Promise<void> {
  const events = eventsOf(completion, controls.fault?.kind !== 'no-usage')
  const half = Math.floor(events.length / 2)
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', 'openai-processing-ms': '1' })
  response.flushHeaders()
  for (const [index, event] of events.entries()) {
    if (response.destroyed) return
    if (index === half && (await breakOff(response, controls))) return
    if (!response.write(event)) await drained(response)
    if (controls.chunkDelayMs > 0) await delay(controls.chunkDelayMs)
    else await nextTurn()
  }
  response.end()
}

/** True when the fault has ended the stream here. */
async function breakOff(response: ServerResponse, controls: Controls): Promise<boolean> {
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
      response.end(event({ error: { message: 'The sandbox was asked to fail here.', type: 'server_error', param: null, code: 'sandbox_fault' } }))
      return true
    default:
      return false
  }
}

function eventsOf(completion: Completion, hasUsage: boolean): string[] {
  const { id, created, model, choices } = completion
  const asksUsage = completion.includesUsage && hasUsage
  const chunk = (choice: Readonly<Record<string, unknown>> | null, usage: unknown) =>
    event({ id, object: 'chat.completion.chunk', created, model, service_tier: 'default', system_fingerprint: null, choices: choice === null ? [] : [choice], ...(asksUsage ? { usage } : {}) })
  const piece = (index: number, delta: unknown, finishReason: string | null) => chunk({ index, delta, logprobs: null, finish_reason: finishReason }, null)
  const events = choices.flatMap(({ words, finishReason }, index) => [
    piece(index, { role: 'assistant', content: '', refusal: null }, null),
    ...words.map((word) => piece(index, { content: word }, null)),
    piece(index, {}, finishReason),
  ])
  return [...events, ...(asksUsage ? [chunk(null, completion.usage)] : []), 'data: [DONE]\n\n']
}

function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve)
    response.once('close', resolve)
  })
}
