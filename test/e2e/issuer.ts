// A small OpenID Connect issuer for tests: discovery, keys, an authorization endpoint that says who signs in without asking, and a token
// endpoint that checks the code, the redirect and PKCE, and signs with its key. What it says of a person is up to the test.

import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Said = { /** Claims of the token beside those that every one has. */ claims: Record<string, unknown>; /** Changes the whole token before it is signed. */ forge: (payload: Record<string, unknown>) => Record<string, unknown>; /** Signs with a key that is not published. */ wrongKey: boolean; /** The person declined. */ declines: boolean }
export type TestIssuer = { readonly url: string; readonly clientId: string; readonly clientSecret: string; readonly say: Said; readonly close: () => Promise<void> }

export async function testIssuer(): Promise<TestIssuer> {
  const [published, other] = [generateKeyPairSync('ec', { namedCurve: 'P-256' }), generateKeyPairSync('ec', { namedCurve: 'P-256' })]
  const jwk = { ...published.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'ES256' }
  const clientId = 'tollgate-console'
  const clientSecret = 'a-secret-of-the-client'
  const say: Said = { claims: {}, forge: (payload) => payload, wrongKey: false, declines: false }
  const codes = new Map<string, URLSearchParams>()
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const token = (payload: Record<string, unknown>) => {
    const text = `${encoded({ alg: 'ES256', kid: 'one', typ: 'JWT' })}.${encoded(say.forge(payload))}`
    const key = createPrivateKey({ key: (say.wrongKey ? other : published).privateKey.export({ format: 'pem', type: 'pkcs8' }) as string })
    return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', issuer)
    const json = (status: number, body: unknown) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (url.pathname === '/.well-known/openid-configuration')
        return json(200, {
          issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`, response_types_supported: ['code'], subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['ES256'], code_challenge_methods_supported: ['S256'], authorization_response_iss_parameter_supported: true,
        })
      if (url.pathname === '/keys') return json(200, { keys: [jwk] })
      if (url.pathname === '/authorize') {
        const back = new URL(url.searchParams.get('redirect_uri')!)
        back.searchParams.set('state', url.searchParams.get('state')!)
        back.searchParams.set('iss', issuer)
        if (say.declines) back.searchParams.set('error', 'access_denied')
        else {
          const code = `code-${codes.size + 1}`
          codes.set(code, url.searchParams)
          back.searchParams.set('code', code)
        }
        return response.writeHead(302, { location: back.href }).end()
      }
      if (url.pathname !== '/token') return json(404, {})
      const form = new URLSearchParams(Buffer.concat(chunks).toString())
      const asked = codes.get(form.get('code') ?? '')
      codes.delete(form.get('code') ?? '')
      const isFine = asked !== undefined && form.get('redirect_uri') === asked.get('redirect_uri') && form.get('client_id') === clientId && form.get('client_secret') === clientSecret
        && createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url') === asked.get('code_challenge')
      if (!isFine) return json(400, { error: 'invalid_grant' })
      const now = Math.floor(Date.now() / 1_000)
      return json(200, { access_token: 'unused', token_type: 'Bearer', expires_in: 300, id_token: token({ iss: issuer, aud: clientId, sub: 'person-1', iat: now, exp: now + 300, nonce: asked.get('nonce'), ...say.claims }) })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url: issuer, clientId, clientSecret, say, close: () => new Promise((resolve) => server.close(() => resolve())) }
}
