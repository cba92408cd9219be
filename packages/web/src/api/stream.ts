// The live stream: server-sent events read over fetch, which can carry a token where EventSource cannot. After a break it resumes from the
// last cursor, so that nothing is missed and nothing comes twice. Messages are handed out in groups, a few times a second: a thousand a
// second cost a page as much as ten.

import { authorization } from './client.ts'

export type LiveMessage = { readonly id: string; readonly type: string; readonly customer: string | null; readonly at: string; readonly [member: string]: unknown }
export type LiveState = 'connecting' | 'live' | 'offline'
export type LiveStream = {
  readonly subscribe: (listener: (messages: readonly LiveMessage[]) => void) => () => void
  readonly onState: (listener: () => void) => () => void
  readonly state: () => LiveState
  readonly close: () => void
}

const FLUSH_MS = 200
const RETRY_MS = { first: 1_000, max: 15_000 }
/** The server says something every 15 seconds. */
const SILENT_MS_MAX = 40_000
/** Messages that wait for a page which is not painted; it asks for everything again when it comes back. */
const WAITING_MAX = 2_000

export function openStream(path = '/v1/stream'): LiveStream {
  const listeners = new Set<(messages: readonly LiveMessage[]) => void>()
  const stateListeners = new Set<() => void>()
  let state: LiveState = 'connecting'
  let cursor: string | null = null
  let waiting: LiveMessage[] = []
  let flushTimer: ReturnType<typeof setTimeout> | null = null
  let abort = new AbortController()
  let isClosed = false

  const become = (next: LiveState) => {
    if (state === next) return
    state = next
    for (const listener of stateListeners) listener()
  }
  const flush = () => {
    flushTimer = null
    const messages = waiting
    waiting = []
    for (const listener of listeners) listener(messages)
  }
  const take = (message: LiveMessage) => {
    cursor = message.id
    waiting.push(message)
    if (waiting.length > WAITING_MAX) waiting.shift()
    flushTimer ??= setTimeout(flush, FLUSH_MS)
  }

  const run = async () => {
    for (let failures = 0; !isClosed; failures += 1) {
      abort = new AbortController()
      const watchdog = watch(() => abort.abort())
      try {
        const answer = await fetch(path, { headers: { ...authorization(), accept: 'text/event-stream', ...(cursor === null ? {} : { 'last-event-id': cursor }) }, credentials: 'same-origin', signal: abort.signal, cache: 'no-store' })
        if (answer.ok && answer.body !== null) {
          failures = 0
          become('live')
          await readFrames(answer.body, take, watchdog.alive)
        } else if (answer.status === 400) cursor = null
      } catch {
        // Told by the state below; the next turn resumes.
      }
      watchdog.stop()
      if (isClosed) return
      become('offline')
      await pause(Math.min(RETRY_MS.max, RETRY_MS.first * 2 ** Math.min(failures, 4)))
    }
  }
  void run()

  return {
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onState: (listener) => {
      stateListeners.add(listener)
      return () => stateListeners.delete(listener)
    },
    state: () => state,
    close: () => {
      isClosed = true
      abort.abort()
      if (flushTimer !== null) clearTimeout(flushTimer)
    },
  }
}

/** Reads frames until the stream ends. */
async function readFrames(body: ReadableStream<Uint8Array>, take: (message: LiveMessage) => void, alive: () => void): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    alive()
    rest += value
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const message = parseFrame(rest.slice(0, end))
      rest = rest.slice(end + 2)
      if (message !== null) take(message)
    }
  }
}

export function parseFrame(frame: string): LiveMessage | null {
  let id = ''
  let data = ''
  for (const line of frame.split('\n')) {
    if (line.startsWith('id: ')) id = line.slice(4)
    else if (line.startsWith('data: ')) data += line.slice(6)
  }
  return id === '' || data === '' ? null : { ...(JSON.parse(data) as Omit<LiveMessage, 'id'>), id } as LiveMessage
}

function watch(onSilence: () => void): { readonly alive: () => void; readonly stop: () => void } {
  let timer = setTimeout(onSilence, SILENT_MS_MAX)
  return {
    alive: () => {
      clearTimeout(timer)
      timer = setTimeout(onSilence, SILENT_MS_MAX)
    },
    stop: () => clearTimeout(timer),
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      removeEventListener('online', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    addEventListener('online', done)
  })
}
