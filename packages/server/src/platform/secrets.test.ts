import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadMasterKey } from './master-key.ts'
import { hashKey, isEqualSecret, keyHint, mintKey, open, redactText, seal } from './secrets.ts'

const key = randomBytes(32)

test('what was sealed for a record opens for that record, and looks different each time', () => {
  const sealed = seal(key, 'sk-überall', 'ups_1')
  expect(open(key, sealed, 'ups_1')).toBe('sk-überall')
  expect(seal(key, 'sk-überall', 'ups_1')).not.toBe(sealed)
  expect(open(key, seal(key, '', 'ups_1'), 'ups_1')).toBe('')
})

test('it does not open for another record, with another key, changed, cut or in an unknown format', () => {
  const sealed = seal(key, 'secret', 'ups_1')
  const changed = `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`
  const attempts: readonly (readonly [Uint8Array, string, string])[] = [
    [key, sealed, 'ups_2'],
    [randomBytes(32), sealed, 'ups_1'],
    [key, changed, 'ups_1'],
    [key, sealed.slice(0, 20), 'ups_1'],
    [key, sealed.replace('v1.', 'v2.'), 'ups_1'],
    [key, '', 'ups_1'],
  ]
  for (const attempt of attempts) expect(() => open(...attempt)).toThrow('cannot be read with this master key')
})

test('a minted key names its scope, is not repeated, and is known by its hash alone', () => {
  const raw = mintKey('gateway')
  expect(raw).toMatch(/^tg_gateway_[A-Za-z0-9_-]{43}$/)
  expect(mintKey('gateway')).not.toBe(raw)
  expect(hashKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(keyHint('tg_gateway_abcdefgh')).toBe('tg_gateway_abcd…')
})

test('secrets are compared whole', () => {
  expect(isEqualSecret('abc', 'abc')).toBe(true)
  expect(isEqualSecret('abc', 'abd')).toBe(false)
  expect(isEqualSecret('abc', 'abcd')).toBe(false)
})

test('what looks like a secret is taken out of a text', () => {
  const cases: readonly (readonly [string, string])[] = [
    [`key ${mintKey('admin')} used`, 'key tg_admin_[secret] used'],
    ['sk-proj-abcdefgh12345678', 'sk-[secret]'],
    ['authorization: Bearer abcdefghijklmnop', 'authorization: Bearer [secret]'],
    ['Bearer sk-abcdefgh12345678', 'Bearer sk-[secret]'],
    ['postgres://tollgate:hunter2@localhost/x', 'postgres://tollgate:[secret]@localhost/x'],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_[secret]'],
    ['https://example.com:8080/a@b and risk-averse', 'https://example.com:8080/a@b and risk-averse'],
  ]
  for (const [input, expected] of cases) expect(redactText(input)).toBe(expected)
})

test('the master key is made once, for its owner alone, and an unreadable one is told and kept', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-key-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true }))
  const path = join(dataDir, 'master.key')
  const made = loadMasterKey({ masterKey: null, dataDir })
  expect(made.length).toBe(32)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  chmodSync(path, 0o644)
  expect(loadMasterKey({ masterKey: null, dataDir })).toEqual(made)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(loadMasterKey({ masterKey: key.toString('base64'), dataDir })).toEqual(key)
  writeFileSync(path, 'broken')
  expect(() => loadMasterKey({ masterKey: null, dataDir })).toThrow('must hold 32 bytes')
  expect(readFileSync(path, 'utf8')).toBe('broken')
})
