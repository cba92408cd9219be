// Sends mails that are due. One that is not taken is tried again for two days, one that is refused is not; a mailbox that refuses for good gets
// nothing more until its people ask again. At least once: a mailbox knows a repetition by its message id.

import { DAY_MS, HOUR_MS, instant, MAIL_TIMEOUT_MS, MAILS_AT_ONCE_MAX, MINUTE_MS } from '@tollgate/core'
import { claimMails, findRecipient, finishMail, forgetMails as forgetRows, setRecipientState, type ClaimedMail } from '../../store/mail.ts'
import type { ControlPlane } from '../control-plane.ts'
import { getCustomer } from '../customers.ts'
import { composeMail } from './compose.ts'
import type { Handed, MailServer } from './port.ts'
import { openMailServer } from './server.ts'

/** Waits before the second, third … attempt. */
export const MAIL_RETRY_MS: readonly number[] = [MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, DAY_MS]
const CLAIM_MS = MAIL_TIMEOUT_MS * 4
const KEPT_MS = 30 * DAY_MS
const ROWS_PER_STATEMENT = 10_000

/** One turn. Returns how many attempts it made. */
export async function deliverMail(plane: ControlPlane): Promise<number> {
  const now = plane.clock.now()
  const claimed = await claimMails(plane.sql, { now, until: instant(now + CLAIM_MS), limit: MAILS_AT_ONCE_MAX })
  if (claimed.length === 0) return 0
  const server = await openMailServer(plane)
  await Promise.all(claimed.map((mail) => deliver(plane, server, mail)))
  return claimed.length
}

async function deliver(plane: ControlPlane, server: MailServer | null, mail: ClaimedMail): Promise<void> {
  const person = await findRecipient(plane.sql, mail.recipient)
  // Who left or was removed meanwhile is told nothing more.
  if (person === null || person.state !== (mail.kind === 'confirm' ? 'waiting' : 'confirmed')) return finishMail(plane.sql, { id: mail.id, state: 'failed', nextAttemptAt: null, error: null })
  const handed: Handed = server === null ? { kind: 'later', reason: 'no mail server is set' } : await plane.mailer(server, composeMail(plane, { mail, person, customer: await getCustomer(plane, mail.customer) }))
  if (handed.kind === 'taken') return finishMail(plane.sql, { id: mail.id, state: 'sent', nextAttemptAt: null, error: null })
  const delayMs = handed.kind === 'later' ? MAIL_RETRY_MS[mail.attempts - 1] : undefined
  await finishMail(plane.sql, delayMs === undefined ? { id: mail.id, state: 'failed', nextAttemptAt: null, error: handed.reason } : { id: mail.id, state: 'waiting', nextAttemptAt: instant(plane.clock.now() + delayMs), error: handed.reason })
  if (handed.kind === 'refused' && handed.isAddress) await setRecipientState(plane.sql, { id: person.id, state: 'refused', at: plane.clock.now(), reason: handed.reason })
  else plane.log.warn({ mail: String(mail.id), reason: handed.reason, again: delayMs !== undefined }, 'a mail was not taken')
}

/** Mails that were sent or given up more than a month ago. */
export async function forgetMails(plane: ControlPlane): Promise<void> {
  while ((await forgetRows(plane.sql, instant(plane.clock.now() - KEPT_MS), ROWS_PER_STATEMENT)) === ROWS_PER_STATEMENT);
}
