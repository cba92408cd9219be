// A tax service over HTTP: one POST of JSON, signed as our messages to webhooks are, bounded in time and size, repeatable by its key. An answer that
// is not wholly understood is none. What is sent and answered is described in docs/guides/tax-service.md.

import { parseInstant, parsePercent } from '@tollgate/core'
import * as z from 'zod'
import { TaxServiceError, type TaxAnswer, type TaxAsk, type TaxService } from '../../app/invoices/tax-port.ts'
import { signedHeaders } from '../../app/webhooks/sign.ts'
import type { Clock } from '@tollgate/core'
import { tellProvider } from '../ask.ts'

const RATES_MAX = 10
const TEXT_LENGTH_MAX = 200

const text = z.string().min(1).max(TEXT_LENGTH_MAX)
const about = { reference: text.nullish(), valid_until: z.string().nullish() }
const answer = z.discriminatedUnion('treatment', [
  z.object({ treatment: z.literal('rates'), rates: z.array(z.object({ id: text.optional(), name: text, percent: z.string() })).min(1).max(RATES_MAX), ...about }),
  z.object({ treatment: z.literal('exempt'), reason: text, ...about }),
  z.object({ treatment: z.literal('reverse_charge'), ...about }),
])

/** `secret`: as `whsec_…`, base64. */
export function httpTaxService(options: { readonly url: string; readonly secret: string; readonly clock: Pick<Clock, 'now'> }): TaxService {
  const { url, secret, clock } = options
  return {
    determine: async (ask) => {
      const body = JSON.stringify(bodyOf(ask))
      try {
        const said = await tellProvider('the tax service', url, { ...signedHeaders({ id: ask.id, timestamp: Math.floor(clock.now() / 1_000), body }, [secret]), 'idempotency-key': ask.id }, body)
        return answerOf(said, ask, clock.now())
      } catch (error) {
        throw error instanceof TaxServiceError ? error : new TaxServiceError((error as Error).message)
      }
    },
  }
}

function bodyOf({ id, day, question: { customer, seller, currency } }: TaxAsk) {
  const party = ({ name, address, country, taxId }: Omit<TaxAsk['question']['customer'], 'id'>) => ({ name, address, country, tax_id: taxId })
  return { id, day, currency, customer: { id: customer.id, ...party(customer) }, seller: seller === null ? null : party(seller) }
}

function answerOf(said: unknown, { question }: TaxAsk, now: number): TaxAnswer {
  const read = answer.safeParse(said)
  if (!read.success) throw new TaxServiceError(`the tax service answered what is not understood: ${z.prettifyError(read.error).slice(0, TEXT_LENGTH_MAX)}`)
  const validUntil = timeOf(read.data.valid_until ?? null)
  if (validUntil !== null && validUntil <= now) throw new TaxServiceError('the tax service answered what does not hold any more: valid_until is over')
  if (read.data.treatment === 'reverse_charge' && question.customer.taxId === null) throw new TaxServiceError('the tax service answered reverse_charge for a customer without a tax id')
  return { treatment: treatmentOf(read.data), reference: read.data.reference ?? null, validUntil }
}

function treatmentOf(said: z.output<typeof answer>): TaxAnswer['treatment'] {
  if (said.treatment === 'exempt') return { kind: 'exempt', reason: said.reason }
  if (said.treatment === 'reverse_charge') return { kind: 'reverse_charge' }
  return { kind: 'rates', rates: said.rates.map(({ id, name, percent }) => ({ id: id ?? name, name, percent: percentOf(percent) })) }
}

function percentOf(said: string) {
  try {
    const percent = parsePercent(said, 'percent')
    if (percent >= 0n) return percent
  } catch {
    // Told below, as below zero is.
  }
  throw new TaxServiceError(`the tax service answered a percentage that is none: ${said.slice(0, 20)}`)
}

function timeOf(said: string | null): number | null {
  try {
    return said === null ? null : parseInstant(said, 'valid_until')
  } catch {
    throw new TaxServiceError('the tax service answered a valid_until that is no time with a zone')
  }
}
