// Who asks, out of a token of your identity provider: its claims are mapped to a customer and an entity of Tollgate, and nothing of the
// plan is read from it. What they may do is asked of Tollgate, so that a change of plan holds at once and not when the token expires.

import { createPublicKey, verify, type KeyObject } from 'node:crypto'

export type Identity = { readonly customer: string; readonly entity: string | null }

/** `organization` and `sub` stand for whatever your identity provider calls tenant and person. */
type Claims = { readonly exp?: number; readonly iss?: string; readonly organization?: string; readonly sub?: string }

/** Throws when the token is not genuine, not from this issuer, or over. */
export function identify(token: string, trusted: { readonly issuer: string; readonly key: KeyObject; readonly now: number }): Identity {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const isGenuine = verify(null, Buffer.from(`${header}.${payload}`), trusted.key, Buffer.from(signature, 'base64url'))
  if (!isGenuine) throw new Error('the signature of the token does not fit')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims
  if (claims.iss !== trusted.issuer) throw new Error('the token is from another issuer')
  if (claims.exp === undefined || claims.exp * 1_000 <= trusted.now) throw new Error('the token is over')
  if (claims.organization === undefined) throw new Error('the token names no organization')
  return { customer: `cus_${claims.organization}`, entity: claims.sub === undefined ? null : `ent_${claims.sub}` }
}

/** An Ed25519 key as identity providers publish it, a JWK. */
export function keyOf(jwk: { readonly kty: string; readonly crv: string; readonly x: string }): KeyObject {
  return createPublicKey({ key: jwk, format: 'jwk' })
}
