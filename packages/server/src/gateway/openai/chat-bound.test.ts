import { instant, units, type Rate } from '@tollgate/core'
import * as fc from 'fast-check'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { expect, test } from 'vitest'
import { chat } from './chat.ts'

const RATE: Rate = { provider: 'p', model: 'm', from: instant(0), currency: 'USD', perMillion: new Map([['input', units(1n)]]), contextWindow: 1_000, outputMax: 100 }

const readChat = (value: unknown) => chat.read({ body: Buffer.from(JSON.stringify(value)), params: [], query: '', contentType: 'application/json' })

function bound(more: Readonly<Record<string, unknown>>, rate: Rate | null = RATE): { readonly inputTokens: number; readonly outputTokens: number } | string {
  try {
    return readChat({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...more }).bound(rate)
  } catch (error) {
    return (error as { readonly answer: { readonly code: string } }).answer.code
  }
}

test('output is bounded by what is asked, by the model, and by the number of choices', () => {
  const cases: readonly (readonly [Readonly<Record<string, unknown>>, number])[] = [
    [{}, 100], [{ max_tokens: 7 }, 7], [{ max_completion_tokens: 7 }, 7], [{ max_tokens: 1_000_000 }, 100], [{ max_tokens: null }, 100], [{ max_tokens: 7, max_completion_tokens: 9 }, 9], [{ n: 3, max_tokens: 7 }, 21], [{ n: null }, 100],
  ]
  for (const [request, output] of cases) expect(bound(request), JSON.stringify(request)).toMatchObject({ outputTokens: output })
})

test('input is bounded by the bytes of the request, or the context window where bytes say nothing', () => {
  const cases: readonly (readonly [Readonly<Record<string, unknown>>, number])[] = [
    [{}, 89],
    [{ messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }] }, 114],
    [{ messages: [{ role: 'user', content: 'x'.repeat(5_000) }] }, 1_000],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x/y.png' } }] }] }, 1_000],
    [{ messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] }, 1_000],
    [{ messages: [{ role: 'user', content: [null] }] }, 1_000],
    [{ messages: [{ role: 'user', content: { odd: true } }] }, 1_000],
    [{ messages: [{ role: 'assistant', audio: { id: 'a' } }] }, 1_000],
    [{ web_search_options: {} }, 1_000],
    [{ tools: [{ type: 'web_search' }] }, 1_000],
  ]
  for (const [request, input] of cases) expect(bound(request), JSON.stringify(request)).toMatchObject({ inputTokens: input })
})

test('without a rate the request must bound itself', () => {
  expect(bound({}, null)).toBe('unbounded_request')
  expect(bound({ max_tokens: 5 }, null)).toEqual({ inputTokens: 104, outputTokens: 5 })
  expect(bound({ max_tokens: 5, web_search_options: {} }, null)).toBe('unbounded_request')
})

test('no conversation has more tokens than its bound', () => {
  const role = fc.constantFrom('system', 'user', 'assistant')
  const content = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()))
  fc.assert(
    fc.property(fc.array(fc.record({ role, content }), { minLength: 1, maxLength: 8 }), (messages) => {
      const tokens = messages.reduce((sum, message) => sum + 4 + countTokens(message.content, { disallowedSpecial: new Set<string>() }) + 1, 3)
      const { inputTokens } = readChat({ model: 'm', messages }).bound({ ...RATE, contextWindow: 1e9 })
      expect(tokens).toBeLessThanOrEqual(inputTokens)
    }),
  )
})
