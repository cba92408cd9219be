import { expect, test } from 'vitest'
import { createTokenCounter } from './token-counter.ts'

test('tokens are counted off the serving thread', async () => {
  const counter = createTokenCounter()
  const cases: readonly (readonly [string, number])[] = [['', 0], ['Hello, world!', 4], ['<|endoftext|>', 7], ['日本語のテキスト', 6]]
  for (const [text, tokens] of cases) expect(await counter.count(text), text).toBe(tokens)
  await counter.close()
})

test('a count comes even when the tokenizer is gone', async () => {
  const counter = createTokenCounter()
  const pending = counter.count('twelve bytes')
  await counter.close()
  expect([3, 2]).toContain(await pending)
  expect(await counter.count('Hello, world!')).toBe(4)
  await counter.close()
})
