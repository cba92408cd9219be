// What counts as inside, in every way an address can be written: nothing here resolves a name.

import { expect, test } from 'vitest'
import { assertAllowedUpstream } from './private-address.ts'

const outcome = (url: string, allowPrivate = false) => {
  try {
    return assertAllowedUpstream(url, { allowPrivate }).href
  } catch (error) {
    return (error as { code: string }).code
  }
}

test('a public address is taken with https only', () => {
  expect(outcome('https://api.openai.com/v1')).toBe('https://api.openai.com/v1')
  expect(outcome('https://8.8.8.8/v1')).toBe('https://8.8.8.8/v1')
  expect(outcome('http://api.openai.com/v1')).toBe('invalid_upstream_url')
})

test.each([
  'https://localhost/v1', 'https://LOCALHOST./v1', 'https://db/v1', 'https://x.internal/v1', 'https://printer.local', 'https://127.0.0.1', 'https://127.1', 'https://2130706433', 'https://0x7f.1', 'https://10.1.2.3', 'https://172.31.0.1', 'https://192.168.1.1',
  'https://169.254.169.254/latest', 'https://100.64.0.1', 'https://0.0.0.0', 'https://[::1]', 'https://[::]', 'https://[fd00::1]', 'https://[fe80::1]', 'https://[::ffff:10.0.0.1]', 'https://[64:ff9b::a00:1]', 'https://[2002:a00:1::]',
])('%s leads inside, however it is written, and is taken only where that was said', (url) => {
  expect(outcome(url)).toBe('private_upstream')
  expect(outcome(url, true)).not.toMatch(/^(private|invalid)/)
})

test.each(['', 'nonsense', 'ftp://x.com', 'file:///etc/passwd', 'https://user:pw@x.com', 'https://x.com/v1?key=1', 'https://x.com/#a', 'javascript:alert(1)'])('%j is no address of an upstream', (url) => {
  expect(outcome(url, true)).toBe('invalid_upstream_url')
})
