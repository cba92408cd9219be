// The server that takes our mail: set by the operator, its password sealed. Without one nothing is queued, and the portal says so.

import { InputError, instant, DAY_MS } from '@tollgate/core'
import { withRetry } from '../../platform/postgres.ts'
import { isPrivateHost } from '../../platform/private-address.ts'
import { open, seal } from '../../platform/secrets.ts'
import { insertAudit } from '../../store/audit.ts'
import { deleteMailServer, mailHealth, readMailServer, writeMailServer, type MailServerRow } from '../../store/mail.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { Problem } from '../problems.ts'
import { assertAddress } from './address.ts'
import type { Handed, MailServer } from './port.ts'
import { WORDS } from './words.ts'

const RECORD = 'mail_server'
/** What a page shows of failures: those of the last week. */
const SHOWN_MS = 7 * DAY_MS

/** `password`: null keeps what is. */
export type MailServerInput = MailServer

export async function setMailServer(plane: ControlPlane, actor: Actor, input: MailServerInput): Promise<void> {
  const { password, ...shown } = input
  assertAddress(/<([^<>]+)>\s*$/.exec(input.sender)?.[1] ?? input.sender, 'sender')
  if (input.security === 'none' && input.username !== null && !isPrivateHost(input.host)) throw new InputError({ code: 'invalid_value', field: 'security', message: `a password goes to ${input.host} over TLS only: choose tls (port 465) or starttls (port 587)` })
  await withRetry(plane.sql, async (tx) => {
    const before = await readMailServer(tx)
    const passwordSealed = password !== null ? seal(plane.masterKey, password, RECORD) : input.username === null ? null : (before?.passwordSealed ?? null)
    await writeMailServer(tx, { ...shown, passwordSealed, by: actor.id })
    await insertAudit(tx, { actor: actor.id, action: 'mail_server.set', customer: null, target: input.host, before: before === null ? null : withoutPassword(before), after: { ...shown, new_password: password !== null } })
  })
}

export async function removeMailServer(plane: ControlPlane, actor: Actor): Promise<void> {
  await withRetry(plane.sql, async (tx) => {
    const before = await readMailServer(tx)
    if (before === null) throw new Problem('not_found', 'no mail server is set')
    await deleteMailServer(tx)
    await insertAudit(tx, { actor: actor.id, action: 'mail_server.removed', customer: null, target: before.host, before: withoutPassword(before), after: null })
  })
}

export async function mailServerView(plane: ControlPlane): Promise<{ readonly server: Omit<MailServerRow, 'passwordSealed'>; readonly hasPassword: boolean; readonly health: Awaited<ReturnType<typeof mailHealth>> }> {
  const row = await readMailServer(plane.sql)
  if (row === null) throw new Problem('not_found', 'no mail server is set: PUT /v1/mail-server')
  return { server: withoutPassword(row), hasPassword: row.passwordSealed !== null, health: await mailHealth(plane.sql, instant(plane.clock.now() - SHOWN_MS)) }
}

/** Null where none is set. */
export async function openMailServer(plane: ControlPlane): Promise<MailServer | null> {
  const row = await readMailServer(plane.sql)
  if (row === null) return null
  const { passwordSealed, updatedAt: _, ...rest } = row
  return { ...rest, password: passwordSealed === null ? null : open(plane.masterKey, passwordSealed, RECORD) }
}

/** Sends one mail now and tells what the server said. */
export async function testMail(plane: ControlPlane, to: string): Promise<Handed> {
  const address = assertAddress(to, 'to')
  const server = await openMailServer(plane)
  if (server === null) throw new Problem('not_found', 'no mail server is set: PUT /v1/mail-server')
  const { subject, text } = WORDS.en.test
  return plane.mailer(server, { to: address, subject, text, language: 'en', headers: {}, messageId: `<test-${plane.randomText()}@tollgate>` })
}

function withoutPassword({ passwordSealed: _, ...rest }: MailServerRow): Omit<MailServerRow, 'passwordSealed'> {
  return rest
}
