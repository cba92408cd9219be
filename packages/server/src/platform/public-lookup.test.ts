import { expect, test } from 'vitest'
import { publicLookup } from './public-lookup.ts'

test('a name that leads to a private address is not connected to', async () => {
  const looked = (name: string, all: boolean) => new Promise((resolve) => publicLookup(name, { all }, (error, address) => resolve(error?.code ?? address)))
  expect([await looked('localhost', false), await looked('localhost', true)]).toEqual(['EPRIVATE', 'EPRIVATE'])
  expect(await looked('no-such-name.invalid', false)).not.toBe('EPRIVATE')
})
