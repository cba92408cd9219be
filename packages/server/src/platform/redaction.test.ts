// What is taken out of a text, what stays, and that no text and no pattern takes long.

import { expect, test } from 'vitest'
import { REDACTED_KINDS } from '@tollgate/core'
import { compileRedaction, patternFault } from './redaction.ts'

const redact = (text: string, kinds: readonly string[] = REDACTED_KINDS, patterns: readonly { readonly name: string; readonly pattern: string }[] = []) => {
  const counts: Record<string, number> = {}
  return { text: compileRedaction({ kinds, patterns })(text, counts), counts }
}

test.each([
  ['write to anna.b+x@mail.example.co.uk, please', 'write to [email], please'],
  ['jürgen@münchen.example', '[email]'],
  ['card 4111 1111 1111 1111, exp 12/30', 'card [card], exp 12/30'],
  ['378282246310005 and 5555-5555-5555-4444', '[card] and [card]'],
  ['order 1 4111111111111111 2', 'order 1 [card] 2'],
  ['two: 4111111111111111 5555555555554444', 'two: [card] [card]'],
  ['IBAN DE89 3704 0044 0532 0130 00 is mine', 'IBAN [iban] is mine'],
  ['GB82WEST12345698765432', '[iban]'],
  ['call +49 (0)30 901820 or (415) 555-0132 or 415-555-0132', 'call [phone] or [phone] or [phone]'],
  ['sk-proj-abcdefghijklmnop and Bearer abcdefghijklmnop123', '[api_key] and [api_key]'],
  ['AKIAIOSFODNN7EXAMPLE ghp_abcdefghijklmnopqrst', '[api_key] [api_key]'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9', '[api_key]'],
  ['postgres://me:hunter2@db/x', '[api_key]db/x'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----', '[api_key]'],
])('%s', (text, expected) => {
  expect(redact(text).text).toBe(expected)
})

test('numbers that are no card, no account and no telephone stay', () => {
  for (const text of ['order 4111111111111112', 'at 1764090000000 ms', 'version 1.2.3, 10.0.0.1, 2026-11-25', 'a@b', 'x = 3.14159265358979']) expect(redact(text).text).toBe(text)
})

test('only the kinds that are named are taken out, patterns of one’s own first, and all is counted', () => {
  expect(redact('a@example.com +49 30 901820', ['phone'])).toEqual({ text: 'a@example.com [phone]', counts: { phone: 1 } })
  expect(redact('ORD-123456 of a@example.com and b@example.com', REDACTED_KINDS, [{ name: 'order', pattern: 'ORD-[0-9]{6}' }])).toEqual({ text: '[order] of [email] and [email]', counts: { order: 1, email: 2 } })
})

test('a pattern that cannot be read, is too large or finds nothing is refused with a reason', () => {
  expect(patternFault('ORD-[0-9]{6}')).toBe(null)
  for (const pattern of ['(', '(?=x)y', '(a)\\1', '((a{50}){50}){10}', 'x*', 'a'.repeat(501)]) expect(patternFault(pattern)).toMatch(/\w/)
})

test('no text makes it slow, however it was made to', { timeout: 20_000 }, () => {
  const hostile = ['a', '0', 'a@', 'a.', '+1 ', '0 ', 'DE89', 'sk-', 'eyJ', 'a://', '(0', '-----BEGIN PRIVATE KEY-----', 'aaaaaaaaaaaaaaaaaaaa@a.'].map((piece) => piece.repeat(Math.ceil(65_536 / piece.length)))
  const startedAt = performance.now()
  for (const text of hostile) redact(text, REDACTED_KINDS, [{ name: 'evil', pattern: '(a+)+$' }, { name: 'worse', pattern: '(a|aa)*b' }])
  // A backtracking engine would not come back at all.
  expect(performance.now() - startedAt).toBeLessThan(15_000)
})
