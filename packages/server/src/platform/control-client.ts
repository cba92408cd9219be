// The node's side of the node protocol: authority, directory and feed over HTTP to the control plane, on one kept-alive
// pool. Shapes are JSON; journal stretches travel as the bytes that are on disk. api/internal.ts is the other side.

import { AUTHORITY_TIMEOUT_MS, formatInstant, type Acknowledged, type Authority, type BackgroundJob, type BackgroundJobs, type CatalogDocument, type CustomerView, type Directory, type Feed, type FeedMessage, type JournalPosition, type KeyRecord, type NodeIdentity, type SharedAnswer, type SharedAnswers, type Spent, type UpstreamConfig, type Prompts, type RestReports } from '@tollgate/core'
import { Pool } from 'undici'

export type ControlClient = { readonly authority: Authority; readonly directory: Directory; readonly feed: Feed; readonly spent: Spent; readonly background: BackgroundJobs; readonly prompts: Prompts; readonly sharedAnswers: SharedAnswers; readonly rests: (node: string) => RestReports; readonly close: () => Promise<void> }

/** The control plane answered, but not with what was asked for. */
export class ControlError extends Error {
  override readonly name = 'ControlError'
  readonly code: string
  readonly status: number
  readonly retryable: boolean

  constructor(input: { readonly code: string; readonly status: number; readonly message: string }) {
    super(input.message)
    this.code = input.code
    this.status = input.status
    this.retryable = input.status >= 500
  }
}

const FEED_RETRY_MS = 200

export function createControlClient(options: { readonly url: string; readonly token: string; readonly onProblem?: (error: unknown) => void }): ControlClient {
  const pool = new Pool(options.url, { connections: 16, pipelining: 1, headersTimeout: AUTHORITY_TIMEOUT_MS, bodyTimeout: 0, connectTimeout: 2_000 })
  const headers = { authorization: `Bearer ${options.token}`, 'content-type': 'application/json' }

  async function call<T>(method: 'GET' | 'POST', path: string, body?: string | Uint8Array, extra: Record<string, string> = {}): Promise<T> {
    const answer = await pool.request({ method, path, headers: { ...headers, ...extra }, ...(body === undefined ? {} : { body }) })
    const text = await answer.body.text()
    if (answer.statusCode === 200) return JSON.parse(text) as T
    const problem = parseProblem(text)
    throw new ControlError({ code: problem.code, status: answer.statusCode, message: `${method} ${path}: ${answer.statusCode} ${problem.detail}` })
  }

  const nodePath = (identity: NodeIdentity, what: string) => `/internal/nodes/${identity.node}/${identity.incarnation}/${what}`

  const authority: Authority = {
    register: (node) => call('POST', '/internal/nodes', JSON.stringify({ node })),
    renew: (identity, report) => call('POST', nodePath(identity, 'renew'), JSON.stringify(report ?? {})),
    closeEarlier: (identity, left) => call('POST', nodePath(identity, 'close-earlier'), JSON.stringify(left)),
    acquire: (identity, request) => repeatable(() => call('POST', nodePath(identity, 'acquire'), JSON.stringify(request))),
    giveBack: (identity, sequence, returned) => repeatable(() => call('POST', nodePath(identity, 'give-back'), JSON.stringify({ sequence, returned }))),
    ship: (identity, stretch) => call<JournalPosition>('POST', nodePath(identity, 'journal'), stretch.lines, {
      'content-type': 'application/octet-stream', 'x-journal-from': positionText(stretch.from), 'x-journal-to': positionText(stretch.to),
    }),
  }
  const directory: Directory = {
    keys: (hashes) => call<{ keys: (KeyRecord | null)[] }>('POST', '/internal/keys', JSON.stringify({ hashes })).then(({ keys }) => keys),
    customer: (identity, id) => call<{ view: CustomerView | null }>('GET', nodePath(identity, `customers/${encodeURIComponent(id)}`)).then(({ view }) => view),
    catalog: (version) => call<CatalogDocument>('GET', `/internal/catalogs/${version}`),
    upstreams: () => call<{ upstreams: UpstreamConfig[] }>('GET', '/internal/upstreams').then(({ upstreams }) => upstreams),
  }
  const spent: Spent = (customer, from, to) => {
    const query = new URLSearchParams({ ...(from === null ? {} : { from: formatInstant(from) }), ...(to === null ? {} : { to: formatInstant(to) }) })
    return call('GET', `/internal/customers/${encodeURIComponent(customer)}/spent?${query.toString()}`)
  }
  const background: BackgroundJobs = {
    open: async (node, job) => void (await repeatable(() => call('POST', `/internal/nodes/${node}/background`, JSON.stringify(job)))),
    claim: (node, limit) => call<{ jobs: BackgroundJob[] }>('POST', `/internal/nodes/${node}/background/claim`, JSON.stringify({ limit })).then(({ jobs }) => jobs),
    finish: async (id, event) => void (await repeatable(() => call('POST', `/internal/background/${encodeURIComponent(id)}/finish`, JSON.stringify({ event })))),
    find: (customer, providerId) => call<{ found: Awaited<ReturnType<BackgroundJobs['find']>> }>('GET', `/internal/customers/${encodeURIComponent(customer)}/background/${encodeURIComponent(providerId)}`).then(({ found }) => found),
  }
  const prompts: Prompts = { keep: async (kept) => void (await call('POST', '/internal/prompts', JSON.stringify({ prompts: kept }))) }
  const rests = (node: string): RestReports => ({ tell: async (resting) => void (await call('POST', `/internal/nodes/${node}/rests`, JSON.stringify({ rests: resting }))) })
  const sharedAnswers: SharedAnswers = {
    find: (where) => call<{ answer: SharedAnswer | null }>('POST', '/internal/answers/find', JSON.stringify(where)).then(({ answer }) => answer),
    keep: async (customer, where, answer) => void (await call('POST', '/internal/answers', JSON.stringify({ customer, where, answer }))),
  }
  const feed: Feed = {
    subscribe: (identity, onMessage) => {
      const stop = new AbortController()
      void follow(identity, onMessage, stop.signal)
      return { close: () => stop.abort() }
    },
  }

  /** Reads the feed line by line and acknowledges each message once it is acted upon, changes in their order and recalls beside them; reconnects for ever. */
  async function follow(identity: NodeIdentity, onMessage: (message: FeedMessage) => void | Promise<void>, signal: AbortSignal): Promise<void> {
    const acknowledge = acknowledger(identity)
    while (!signal.aborted) {
      try {
        const answer = await pool.request({ method: 'GET', path: nodePath(identity, 'feed'), headers, signal, headersTimeout: AUTHORITY_TIMEOUT_MS, bodyTimeout: 0 })
        let rest = ''
        for await (const chunk of answer.body) {
          const lines = (rest + String(chunk)).split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) {
            if (line === '') continue
            const message = JSON.parse(line) as FeedMessage
            // What is idle travels back meanwhile; one recall must not wait for another.
            if (message.kind === 'recall') void Promise.resolve(onMessage(message)).then(() => acknowledge({ recalls: [message.recall] }), options.onProblem)
            else {
              await onMessage(message)
              acknowledge({ epoch: message.epoch })
            }
          }
        }
      } catch (error) {
        if (!signal.aborted) options.onProblem?.(error)
      }
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, FEED_RETRY_MS).unref())
    }
  }

  /** Says what was acted on. While one call is on its way, what comes meanwhile gathers for the next. */
  function acknowledger(identity: NodeIdentity): (done: Acknowledged) => void {
    let waiting: Acknowledged | null = null
    let isSending = false
    async function send(): Promise<void> {
      isSending = true
      for (let body = waiting; body !== null; body = waiting) {
        waiting = null
        // One that is lost is waited for until its time is over, and no longer.
        await call('POST', nodePath(identity, 'acknowledge'), JSON.stringify(body)).catch(options.onProblem)
      }
      isSending = false
    }
    return ({ epoch = waiting?.epoch, recalls = [] }) => {
      waiting = { ...(epoch === undefined ? {} : { epoch }), recalls: [...(waiting?.recalls ?? []), ...recalls] }
      if (!isSending) void send()
    }
  }

  return { authority, directory, feed, spent, background, prompts, sharedAnswers, rests, close: () => pool.destroy() }
}

/** Once more when the answer was lost on the way: the same sequence gets the first answer. What was answered stands. */
async function repeatable<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof ControlError) throw error
    return call()
  }
}

export function positionText(position: JournalPosition): string {
  return `${position.segment}:${position.offset}`
}

function parseProblem(text: string): { readonly code: string; readonly detail: string } {
  try {
    const body = JSON.parse(text) as { code?: string; detail?: string }
    return { code: body.code ?? 'unknown', detail: body.detail ?? text.slice(0, 200) }
  } catch {
    return { code: 'unknown', detail: text.slice(0, 200) }
  }
}
