import { expect, test } from 'vitest'
import { assertAllowedUpstream, publicLookup } from './upstream-address.ts'

const check = (url: string, allowPrivate = false) => {
  try {
    return assertAllowedUpstream(url, { allowPrivate }).host
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}

test('public providers over https are allowed', () => {
  const cases = [['https://api.openai.com/v1', 'api.openai.com'], ['https://8.8.8.8:8443/v1', '8.8.8.8:8443'], ['https://[2606:4700::1111]/v1', '[2606:4700::1111]']] as const
  for (const [url, host] of cases) expect(check(url), url).toBe(host)
})

test('private addresses are refused in every spelling, unless that is allowed', () => {
  const hosts = [
    'localhost', 'LOCALHOST.', 'api.localhost', 'db', 'db.internal', 'printer.local', '127.0.0.1', '127.1', '0x7f000001', '2130706433', '0177.0.0.1', '10.1.2.3', '172.20.0.1', '192.168.1.1',
    '169.254.169.254', '100.64.0.1', '0.0.0.0', '255.255.255.255', '224.0.0.1', '[::1]', '[::]', '[fd00::1]', '[fe80::1]', '[::ffff:127.0.0.1]', '[::ffff:a9fe:a9fe]', '[64:ff9b::a00:1]', '[2002:7f00:1::]',
  ]
  for (const host of hosts) {
    expect(check(`https://${host}/v1`), host).toBe('private_upstream')
    expect(check(`http://${host}:8080/v1`, true), host).not.toBe('private_upstream')
  }
})

test('what is no plain base URL is refused', () => {
  for (const url of ['', 'api.openai.com', 'ftp://api.openai.com', 'file:///etc/passwd', 'https://user:pass@api.openai.com', 'https://api.openai.com/v1?key=1', 'https://api.openai.com/v1#x', 'http://api.openai.com/v1']) {
    expect(check(url), url).toBe('invalid_upstream_url')
  }
})

test('a public name that leads to a private address is not connected to', async () => {
  const looked = (name: string) => new Promise((resolve) => publicLookup(name, {}, (error, address) => resolve(error?.code ?? address)))
  expect(await looked('localhost')).toBe('EPRIVATE')
})
