// What a message of the outbox looks like on the live stream, and how much of it a tenant may see: of each type the listed
// members, of a type that is not listed nothing. So a new member or type is the operator's until somebody decides otherwise.

import type { StreamMessage } from '../app/outbox-stream.ts'
import { timeOf } from './contract/fields.ts'

type StreamType = {
  readonly says: string
  /** Members that a tenant's key sees beside `type`, `customer` and `at`. */
  readonly tenantMembers: readonly string[]
}

export const STREAM_TYPES: Readonly<Record<string, StreamType>> = {
  'usage.settled': {
    says: 'Usage was charged: the batch, how many events, their charge, and the latest of them.',
    tenantMembers: ['batch', 'events', 'charge', 'latest'],
  },
  'request.denied': {
    says: 'A request was refused. `unrecorded` counts those that were refused before it and not recorded one by one.',
    tenantMembers: ['decision_id', 'time', 'feature', 'model', 'reason', 'scope', 'required', 'unrecorded'],
  },
  'credits.added': { says: 'Credits were added.', tenantMembers: ['block', 'amount', 'currency', 'category', 'repaid'] },
  'credits.expired': { says: 'The rest of a credit block expired.', tenantMembers: ['block', 'amount', 'currency'] },
  'customer.created': { says: 'A customer was created.', tenantMembers: ['name', 'plan'] },
  'subscription.changed': { says: 'Plan or standing changed.', tenantMembers: ['before', 'after'] },
  'catalog.published': { says: 'A catalog was put in force. For the operator.', tenantMembers: [] },
}

/** The frame of a server-sent event; null for a message that this reader may not see. */
export function frameOf(message: StreamMessage, isOperator: boolean): string | null {
  const payload = wireNames(message)
  const tenantMembers = STREAM_TYPES[message.type]?.tenantMembers
  if (!isOperator && tenantMembers === undefined) return null
  const members = isOperator ? payload : Object.fromEntries(tenantMembers!.flatMap((name) => (name in payload ? [[name, payload[name]]] : [])))
  const data = { ...members, type: message.type, customer: message.customer, at: timeOf(message.at) }
  return `id: ${message.cursor}\nevent: ${message.type}\ndata: ${JSON.stringify(data)}\n\n`
}

/** A denial travels as the node journaled it: its times are numbers and its id has a shorter name. */
function wireNames({ type, payload }: StreamMessage): Record<string, unknown> {
  if (type !== 'request.denied') return { ...payload }
  const { decision, time, ...rest } = payload
  return { ...rest, decision_id: decision, time: typeof time === 'number' ? timeOf(time) : time }
}
