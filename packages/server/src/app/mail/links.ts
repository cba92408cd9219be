// Links in mails: who has one may confirm an address or end its mails, and nothing else. Nothing is stored for them: they hold a proof under the
// master key. A question's link is bound to when it was asked, so an older one ends with a newer one.

import { ALERT_LINK_MS } from '@tollgate/core'
import { isEqualSecret, proofOf } from '../../platform/secrets.ts'
import type { RecipientRow } from '../../store/mail.ts'
import type { ControlPlane } from '../control-plane.ts'

export type LinkAct = 'confirm' | 'leave'
type Linked = Pick<RecipientRow, 'id' | 'email' | 'askedAt'>

export function linkToken(plane: Pick<ControlPlane, 'masterKey'>, act: LinkAct, of: Linked): string {
  return `${of.id}.${proofOf(plane.masterKey, `alert-recipient ${act}`, textOf(act, of))}`
}

/** For people: a page with a button, because scanners of mail open links. */
export function pageLink(plane: Pick<ControlPlane, 'masterKey' | 'links'>, act: LinkAct, of: Linked, language: string): string {
  return `${plane.links.portalUrl}mail?lang=${language}#${act}=${linkToken(plane, act, of)}`
}

/** For the button of a mail program (RFC 8058). */
export function oneClickLink(plane: Pick<ControlPlane, 'masterKey' | 'links'>, of: Linked): string {
  return new URL(`/v1/alert-recipients/one-click?token=${linkToken(plane, 'leave', of)}`, plane.links.portalUrl).href
}

/** The id that a token names; whether it proves anything is for {@link isProven} to say. */
export function idOfToken(token: string): string | null {
  return /^(alr_[A-Za-z0-9_-]{1,60})\.[\w-]{43}$/.exec(token)?.[1] ?? null
}

export function isProven(plane: Pick<ControlPlane, 'masterKey' | 'clock'>, act: LinkAct, of: Linked, token: string): boolean {
  return isEqualSecret(token, linkToken(plane, act, of)) && (act === 'leave' || plane.clock.now() - of.askedAt <= ALERT_LINK_MS)
}

function textOf(act: LinkAct, { id, email, askedAt }: Linked): string {
  return act === 'confirm' ? `${id} ${email} ${askedAt}` : `${id} ${email}`
}
