// An OpenID Connect issuer by the library openid-client: authorization code with PKCE, state and nonce. The token's signature is checked
// against the issuer's published keys, although it comes from the issuer itself. What is published is read at the first sign-in, and anew
// after one that failed, so that keys may rotate.

import { allowInsecureRequests, authorizationCodeGrant, buildAuthorizationUrl, calculatePKCECodeChallenge, ClientSecretPost, discovery, enableNonRepudiationChecks, None, randomNonce, randomPKCECodeVerifier, randomState, type Configuration } from 'openid-client'
import type { OperatorIssuer, RolesByClaim } from '../../app/operator-issuer.ts'

const TIMEOUT_SECONDS = 10
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

export type IssuerOptions = { readonly issuer: string; readonly clientId: string; readonly clientSecret: string | null; readonly scopes: string; readonly name: string | null; readonly roles: RolesByClaim }

export function createIssuer({ issuer, clientId, clientSecret, scopes, name, roles }: IssuerOptions): OperatorIssuer {
  const server = new URL(issuer)
  let found: Promise<Configuration> | null = null
  const configuration = () => {
    found ??= discovery(server, clientId, undefined, clientSecret === null ? None() : ClientSecretPost(clientSecret), {
      timeout: TIMEOUT_SECONDS,
      // Without TLS only on this machine, for trials.
      execute: LOOPBACK.has(server.hostname) ? [enableNonRepudiationChecks, allowInsecureRequests] : [enableNonRepudiationChecks],
    })
    return found
  }
  const orForget = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      found = null
      throw error
    }
  }
  return {
    name: name ?? server.hostname,
    roles,
    begin: (redirectUri) =>
      orForget(async () => {
        const pending = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() }
        const url = buildAuthorizationUrl(await configuration(), {
          redirect_uri: redirectUri, scope: scopes, state: pending.state, nonce: pending.nonce, code_challenge: await calculatePKCECodeChallenge(pending.verifier), code_challenge_method: 'S256',
        })
        return { url: url.href, pending }
      }),
    finish: (callback, { state, nonce, verifier }) =>
      orForget(async () => {
        const tokens = await authorizationCodeGrant(await configuration(), callback, { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true })
        return tokens.claims()!
      }),
  }
}
