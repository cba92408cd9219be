// The example as it is meant to be used: a token says who, Tollgate says what.

import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { identify, keyOf } from '../../examples/jwt-claims/identify.ts'

const ISSUER = 'https://id.example.com'
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const NOW = Date.parse('2026-03-01T00:00:00Z')

function tokenOf(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'EdDSA', typ: 'JWT' })}.${part(claims)}`
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`
}

const CLAIMS = { iss: ISSUER, exp: NOW / 1_000 + 60, organization: 'acme', sub: 'ada' }
const trusted = { issuer: ISSUER, key: keyOf(publicKey.export({ format: 'jwk' }) as { kty: string; crv: string; x: string }), now: NOW }

test('claims become a customer and an entity, whatever the token says of a plan', () => {
  expect(identify(tokenOf({ ...CLAIMS, plan: 'enterprise' }), trusted)).toEqual({ customer: 'cus_acme', entity: 'ent_ada' })
})

test('a token that is forged, foreign or over says nothing', () => {
  const token = tokenOf(CLAIMS)
  expect(() => identify(`${token.slice(0, -4)}AAAA`, trusted)).toThrow('signature')
  expect(() => identify(tokenOf({ ...CLAIMS, iss: 'https://elsewhere' }), trusted)).toThrow('issuer')
  expect(() => identify(token, { ...trusted, now: NOW + 61_000 })).toThrow('over')
})
