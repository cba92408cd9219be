// A provider of the siege, in OpenAI's format: it runs what it is asked and notes what that used, so that somebody outside of Tollgate knows.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** What a request says in its one message. */
export type Task = { readonly id: string; readonly output: number }
export const PROMPT_TOKENS = 40
const CHUNK_DELAY_MS = 3

export type Provider = { readonly url: string; /** How often each request ran. */ readonly runs: ReadonlyMap<string, number>; readonly close: () => Promise<void> }

/** `onRun` is told before the first byte of an answer. */
export async function startProvider(onRun: (task: Task) => void): Promise<Provider> {
  const runs = new Map<string, number>()
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = JSON.parse(Buffer.concat(parts).toString()) as { stream?: boolean; messages: { content: string }[] }
    const task = JSON.parse(body.messages[0]!.content) as Task
    runs.set(task.id, (runs.get(task.id) ?? 0) + 1)
    onRun(task)
    const usage = { prompt_tokens: PROMPT_TOKENS, completion_tokens: task.output, total_tokens: PROMPT_TOKENS + task.output }
    const head = { id: task.id, created: 0, model: 'counted' }
    if (body.stream !== true) {
      await delay(CHUNK_DELAY_MS)
      response.writeHead(200, { 'content-type': 'application/json' })
      return void response.end(JSON.stringify({ ...head, object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content: 'done' }, finish_reason: 'stop' }], usage }))
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const send = (chunk: object) => response.write(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...chunk })}\n\n`)
    for (const content of ['well', ' then', ' done']) {
      send({ choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }] })
      await delay(CHUNK_DELAY_MS)
    }
    send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
    send({ choices: [], usage })
    response.end('data: [DONE]\n\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    runs,
    close: () => new Promise((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    }),
  }
}
