// Hands mail to an SMTP server, by nodemailer. What is refused for good, what may work later, and whether the mailbox is to blame are told
// apart by the codes of RFC 5321; a password is sent over TLS only, unless the server is said to speak without.

import { MAIL_TIMEOUT_MS } from '@tollgate/core'
import { createTransport } from 'nodemailer'
import type { Handed, Mailer } from '../../app/mail/port.ts'

const REASON_LENGTH_MAX = 300

export const smtpMailer: Mailer = async ({ host, port, security, username, password, sender }, { to, subject, text, language, headers, messageId }) => {
  const transport = createTransport({
    host, port,
    secure: security === 'tls', requireTLS: security === 'starttls', ignoreTLS: security === 'none',
    ...(username === null ? {} : { auth: { user: username, pass: password ?? '' } }),
    connectionTimeout: MAIL_TIMEOUT_MS, greetingTimeout: MAIL_TIMEOUT_MS, socketTimeout: MAIL_TIMEOUT_MS,
    disableFileAccess: true, disableUrlAccess: true,
  })
  try {
    await transport.sendMail({ from: sender, to: { name: '', address: to }, subject, text, messageId, headers: { 'auto-submitted': 'auto-generated', 'content-language': language, ...headers } })
    return { kind: 'taken' }
  } catch (error) {
    return handedOf(error)
  } finally {
    transport.close()
  }
}

/** What nodemailer says went wrong. A password that does not fit is the operator's to mend: the mail waits. */
function handedOf(error: unknown): Handed {
  const { code = '', responseCode = 0, message = String(error) } = error as { readonly code?: string; readonly responseCode?: number; readonly message?: string }
  const reason = message.slice(0, REASON_LENGTH_MAX)
  const isRefused = responseCode >= 500 && code !== 'EAUTH'
  return isRefused ? { kind: 'refused', reason, isAddress: code === 'EENVELOPE' && responseCode !== 554 } : { kind: 'later', reason }
}
