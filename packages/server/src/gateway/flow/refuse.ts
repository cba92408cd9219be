// Tells a client that its request was refused by a decision, or that none could be made.

import { formatUnits, type KeyRecord } from '@tollgate/core'
import type { Authorization, ReservationProblem } from '../../hot/contract.ts'
import { sendError, type Exchange } from '../exchange.ts'
import { denialAnswer, unavailable } from '../refusal.ts'
import { rateHeaders } from './admitted.ts'

export function sendRefusal(exchange: Exchange, key: KeyRecord, refusal: Exclude<Authorization, { kind: 'allowed' }> | ReservationProblem): void {
  if (refusal.kind === 'problem') {
    return sendError(exchange, unavailable(refusal.message))
  }
  const { decision, denial, currency, balance } = refusal
  const headers = ['x-tollgate-decision', `deny; decision=${decision}`, 'x-tollgate-currency', currency]
  if (balance !== null) headers.push('x-tollgate-balance', formatUnits(balance, currency))
  const answer = denialAnswer(decision, denial)
  sendError(exchange, answer.status === 402 ? { ...answer, status: key.refusalStatus ?? 402 } : answer, headers.concat(rateHeaders(refusal.rates)))
}
