// POST /v1/reservations/{id}/settle | extend | release. Each may be repeated and answers as the first time. A settle is answered
// when it survives a power loss: there is no answer of a model behind it that could wait for more.

import { EVENT_BYTES_MAX, formatUnits, parseId, type ReservationId } from '@tollgate/core'
import { authenticate, readBody, sendJson, type Exchange } from '../exchange.ts'
import { allowed, denied } from './authorize.ts'
import type { Owners } from './owners.ts'
import { sendReservationProblem } from './problem.ts'
import { readCost, readDimensions, readFields, readFlag, readQuantities } from './read.ts'

export type ReservationAction = 'settle' | 'extend' | 'release'

export async function handleReservation(exchange: Exchange, owners: Owners, id: string, action: ReservationAction): Promise<void> {
  const key = await authenticate(exchange, ['gateway', 'ingest', 'admin'])
  const reservation = parseId('reservation', id, 'reservation_id')
  const { siblings } = exchange.context
  if (siblings !== null && !siblings.isOwn(reservation)) return siblings.pass(exchange, reservation, await readBody(exchange, EVENT_BYTES_MAX))
  if (key.customer !== null && owners.of(reservation) !== key.customer) {
    return sendReservationProblem(exchange, { kind: 'problem', code: 'reservation_not_found', message: `reservation ${reservation} is not known to this node` })
  }
  switch (action) {
    case 'settle':
      return settle(exchange, reservation)
    case 'extend':
      return extend(exchange, reservation)
    case 'release':
      return release(exchange, reservation)
  }
}

async function settle(exchange: Exchange, reservation: ReservationId): Promise<void> {
  const { node } = exchange.context
  const fields = await readFields(exchange, ['quantities', 'dimensions', 'cost', 'estimated'])
  const settled = node.settle(reservation, {
    quantities: readQuantities(fields),
    dimensions: readDimensions(fields),
    cost: readCost(fields),
    estimated: readFlag(fields, 'estimated'),
    context: { request_id: exchange.requestId },
  })
  if (settled.kind === 'problem') return sendReservationProblem(exchange, settled)
  await settled.written
  await node.sync()
  const { charge, currency, isFinal, balance, replayed } = settled
  sendJson(exchange, 200, JSON.stringify({
    reservation_id: reservation, charge: { amount: formatUnits(charge, currency), currency }, final: isFinal, balance: balance === null ? null : formatUnits(balance, currency), replayed,
  }))
}

async function extend(exchange: Exchange, reservation: ReservationId): Promise<void> {
  const fields = await readFields(exchange, ['quantities', 'dimensions'])
  const answer = await exchange.context.node.extend(reservation, { quantities: readQuantities(fields), dimensions: readDimensions(fields) })
  await exchange.context.node.written()
  if (answer.kind === 'problem') return sendReservationProblem(exchange, answer)
  sendJson(exchange, 200, JSON.stringify(answer.kind === 'denied' ? denied(answer) : allowed(answer)))
}

async function release(exchange: Exchange, reservation: ReservationId): Promise<void> {
  await readFields(exchange, [])
  const answer = exchange.context.node.release(reservation)
  if (answer.kind === 'problem') return sendReservationProblem(exchange, answer)
  sendJson(exchange, 200, JSON.stringify({ reservation_id: reservation, released: true, replayed: answer.replayed }))
}
