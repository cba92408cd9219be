// How mail leaves the house: one call that hands one mail to a server and says what became of it. Its adapter is in connect/smtp.

export type MailServer = {
  readonly host: string
  readonly port: number
  /** `tls` from the first byte, `starttls` or nothing goes, or neither. */
  readonly security: 'tls' | 'starttls' | 'none'
  readonly username: string | null
  readonly password: string | null
  /** As `Tollgate <billing@example.com>`. */
  readonly sender: string
}

export type Mail = { readonly to: string; readonly subject: string; readonly text: string; readonly language: string; readonly headers: Readonly<Record<string, string>>; /** The same for every attempt, so that a mailbox knows a repetition. */ readonly messageId: string }

export type Handed =
  | { readonly kind: 'taken' }
  /** For good. `isAddress`: there is no such mailbox, or it takes nothing. */
  | { readonly kind: 'refused'; readonly reason: string; readonly isAddress: boolean }
  | { readonly kind: 'later'; readonly reason: string }

export type Mailer = (server: MailServer, mail: Mail) => Promise<Handed>
