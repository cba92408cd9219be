// What every upstream must do behind the port, whatever stands there: run by a test file against each of them. `serve` starts
// the far end; `fault` is how a chat request asks it to misbehave, null where that end cannot.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GATEWAY_LIMITS } from '../../packages/server/src/gateway/limits.ts'
import { createUpstream, type Upstream, type UpstreamFailure } from '../../packages/server/src/gateway/upstream.ts'

export type FarEnd = {
  readonly origin: string
  readonly chatPath: string
  /** Headers that make the answer fail so; null where the far end cannot. */
  readonly fault: (kind: 'reset' | 'cut' | 'silence') => readonly string[] | null
  readonly close: () => Promise<void>
}

type Received = { readonly status: number; readonly body: string; readonly ended: 'end' | UpstreamFailure; readonly calls: number }

export function upstreamContract(name: string, serve: () => Promise<FarEnd>): void {
  describe(`upstream: ${name}`, () => {
    let far: FarEnd
    let upstream: Upstream
    let retries = 0
    beforeAll(async () => {
      far = await serve()
      upstream = createUpstream(far.origin, { allowPrivate: true, limits: { ...GATEWAY_LIMITS, upstreamIdleMs: 300 }, onRetry: () => { retries += 1 } })
    })
    afterAll(async () => {
      await upstream.destroy()
      await far.close()
    })

    function send(body: unknown, options: { readonly headers?: readonly string[]; readonly onData?: (abort: () => void) => void } = {}): Promise<Received> {
      return new Promise((resolve) => {
        let status = 0
        let text = ''
        let calls = 0
        const done = (ended: Received['ended']) => {
          calls += 1
          // Anything that comes after the end would be counted.
          setTimeout(() => resolve({ status, body: text, ended, calls }), 20)
        }
        const control = upstream.send(
          { path: far.chatPath, headers: ['content-type', 'application/json', ...(options.headers ?? [])], body: Buffer.from(JSON.stringify(body)), headTimeoutMs: 300 },
          {
            onHead: (head) => { status = head },
            onData: (chunk) => {
              text += chunk.toString('latin1')
              options.onData?.(() => control.abort())
            },
            onEnd: () => done('end'),
            onFailure: done,
          },
        )
      })
    }

    const request = { model: 'sandbox-small', messages: [{ role: 'user', content: 'Hello' }] }

    test('a JSON answer comes whole, with usage', async () => {
      const { status, body, ended, calls } = await send(request)
      expect([status, ended, calls]).toEqual([200, 'end', 1])
      expect(JSON.parse(body)).toMatchObject({ object: 'chat.completion', usage: { prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number) } })
    })

    test('a stream comes as events, with usage and the end marker last', async () => {
      const { body, ended } = await send({ ...request, stream: true, stream_options: { include_usage: true } })
      const events = body.split('\n\n').filter((event) => event !== '')
      expect([ended, events.at(-1)]).toEqual(['end', 'data: [DONE]'])
      expect(JSON.parse(events.at(-2)!.slice(6))).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } })
    })

    test('requests at the same time do not mix', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => send({ ...request, messages: [{ role: 'user', content: `Hello ${index % 2}` }] })))
      expect(new Set(answers.filter((_, index) => index % 2 === 0).map(({ body }) => (JSON.parse(body) as { choices: unknown }).choices).map((choices) => JSON.stringify(choices))).size).toBe(1)
    })

    test('an abort ends the request once', async () => {
      const { ended, calls } = await send({ ...request, stream: true }, { onData: (abort) => abort(), headers: ['x-sandbox-chunk-delay-ms', '20'] })
      expect([ended, calls]).toEqual(['aborted', 1])
    })

    test('failures are told apart, once each, and only a broken connection before the answer is tried again', async () => {
      const cases: readonly (readonly ['reset' | 'cut' | 'silence', UpstreamFailure, number])[] = [['reset', 'cut', 1], ['cut', 'cut', 0], ['silence', 'silent', 0]]
      for (const [kind, failure, expectedRetries] of cases) {
        const headers = far.fault(kind)
        if (headers === null) continue
        retries = 0
        const { ended, calls } = await send({ ...request, stream: kind !== 'reset' }, { headers })
        expect([kind, ended, calls, retries]).toEqual([kind, failure, 1, expectedRetries])
      }
    })

    test('nobody there is unreachable', async () => {
      const nobody = createUpstream('http://127.0.0.1:9', { allowPrivate: true, limits: GATEWAY_LIMITS, onRetry: () => undefined })
      const failure = await new Promise((resolve) => {
        nobody.send({ path: '/', headers: [], body: Buffer.from('{}'), headTimeoutMs: 300 }, { onHead: () => undefined, onData: () => undefined, onEnd: () => resolve('end'), onFailure: resolve })
      })
      expect(failure).toBe('unreachable')
      await nobody.destroy()
    })
  })
}
