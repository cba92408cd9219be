// A message of a provider on its way in: verified on the raw bytes, stored, answered. Nothing of it is understood here, so that the answer
// takes milliseconds and no message is lost to a bug in the understanding.

import { PROVIDER_MESSAGE_BYTES_MAX } from '@tollgate/core'
import { storeMessage } from '../../store/providers.ts'
import type { ControlPlane } from '../control-plane.ts'
import { connectorOf, openAccount } from './accounts.ts'
import type { Headers } from './connector.ts'

export type Received = { readonly kind: 'stored' | 'known' } | { readonly kind: 'refused'; readonly reason: string }

export async function receiveMessage(plane: ControlPlane, provider: string, message: { readonly body: string; readonly headers: Headers; readonly address: string }): Promise<Received> {
  const connector = connectorOf(plane, provider)
  const account = await openAccount(plane, connector.provider)
  if (account === null || account.webhookSecrets.length === 0) return { kind: 'refused', reason: `${provider} is not set up here` }
  if (message.body.length > PROVIDER_MESSAGE_BYTES_MAX) return { kind: 'refused', reason: `a message has at most ${PROVIDER_MESSAGE_BYTES_MAX} bytes` }
  const fault = connector.verify(account, { ...message, now: plane.clock.now() })
  if (fault !== null) return { kind: 'refused', reason: fault }
  const envelope = connector.envelope(message.body, message.headers)
  const isNew = await storeMessage(plane.sql, { provider: connector.provider, ...envelope, body: message.body })
  if (isNew) wakeInbox(plane)
  return { kind: isNew ? 'stored' : 'known' }
}

/** Who waits for messages, by control plane: the job is woken at once instead of at its next turn. */
const wakers = new WeakMap<ControlPlane, () => void>()

export function onMessage(plane: ControlPlane, wake: () => void): void {
  wakers.set(plane, wake)
}

function wakeInbox(plane: ControlPlane): void {
  wakers.get(plane)?.()
}
