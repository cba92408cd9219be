// Who the operator's people are, by an OpenID Connect issuer: a port, and how what it says of a person becomes a role. The issuer is asked
// when somebody signs in, never at a request.

import { OPERATOR_ROLES, type OperatorRole } from '@tollgate/core'

/** What a sign-in that began must find again at its end; it travels sealed in a cookie of the browser. */
export type PendingSignIn = { readonly state: string; readonly nonce: string; readonly verifier: string }
/** What the issuer says of a person, after its signature, audience, time and nonce were checked. */
export type Claims = Readonly<Record<string, unknown>>

export type OperatorIssuer = {
  /** On the button of the sign-in. */
  readonly name: string
  /** Where to send the browser. */
  readonly begin: (redirectUri: string) => Promise<{ readonly url: string; readonly pending: PendingSignIn }>
  /** @throws when the issuer refuses, or anything that it says does not hold. */
  readonly finish: (callback: URL, pending: PendingSignIn) => Promise<Claims>
  readonly roles: RolesByClaim
}

export type RolesByClaim = {
  /** Name of the claim that lists a person's groups: a text, or a list of texts. */
  readonly claim: string
  readonly roles: ReadonlyMap<string, OperatorRole>
}

export type Person = { readonly subject: string; readonly name: string; readonly role: OperatorRole }

const SUBJECT_LENGTH_MAX = 255
const NAME_LENGTH_MAX = 200

/** The strongest role of its groups; null for somebody who has none, or whom the issuer does not name. */
export function personOf(claims: Claims, { claim, roles }: RolesByClaim): Person | null {
  const { sub: subject } = claims
  if (typeof subject !== 'string' || subject === '' || subject.length > SUBJECT_LENGTH_MAX) return null
  const groups = [claims[claim]].flat().filter((group) => typeof group === 'string')
  const role = OPERATOR_ROLES.findLast((one) => groups.some((group) => roles.get(group) === one)) ?? null
  const shown = [claims['name'], claims['preferred_username'], claims['email']].find((text) => typeof text === 'string' && text !== '')
  return role === null ? null : { subject, name: String(shown ?? subject).slice(0, NAME_LENGTH_MAX), role }
}
