// What every tax service must do, whatever is behind it: answer what was said, exactly; answer the same ask the same; and throw rather than guess.
// A subject brings a service and a way to make what is behind it answer.

import { expect, test } from 'vitest'
import { formatPercent, parseInstant } from '@tollgate/core'
import { TaxServiceError, type TaxAnswer, type TaxAsk, type TaxService } from '../../packages/server/src/app/invoices/tax-port.ts'

export type Behind = 'silent' | { readonly status?: number; readonly body: unknown }
export type TaxSubject = {
  readonly service: () => TaxService
  /** What is behind it answers so from now on. */
  readonly answers: (behind: Behind) => void
  /** Ids of the asks that came, oldest first. */
  readonly asked: () => readonly string[]
}

export const NOW = parseInstant('2026-11-25T12:00:00Z', 'now')
export const ASK: TaxAsk = {
  id: 'tax_0123_2026-11-25', day: '2026-11-25',
  question: { customer: { id: 'cus_acme', name: 'Acme GmbH', address: ['Hauptstr. 1', '10115 Berlin'], country: 'DE', taxId: 'DE123456789' }, seller: { name: 'Seller Inc.', address: [], country: 'US', taxId: null }, currency: 'EUR' },
}
const WITHOUT_ID: TaxAsk = { ...ASK, question: { ...ASK.question, customer: { ...ASK.question.customer, taxId: null } } }

const shown = ({ treatment, reference, validUntil }: TaxAnswer) => [treatment.kind, ...(treatment.kind === 'rates' ? treatment.rates.map(({ id, name, percent }) => `${id} ${name} ${formatPercent(percent)}`) : treatment.kind === 'exempt' ? [treatment.reason] : []), reference, validUntil]

export function taxServiceContract(name: string, subject: TaxSubject): void {
  test.each<[string, unknown, unknown[]]>([
    ['a rate', { treatment: 'rates', rates: [{ id: 'de_vat', name: 'VAT', percent: '19' }], reference: 'calc_1', valid_until: '2026-12-01T00:00:00Z' }, ['rates', 'de_vat VAT 19', 'calc_1', Date.parse('2026-12-01T00:00:00Z')]],
    ['several rates, to the last digit', { treatment: 'rates', rates: [{ name: 'State', percent: '7.25' }, { name: 'County', percent: '0.0000001' }] }, ['rates', 'State State 7.25', 'County County 0.0000001', null, null]],
    ['a rate of nothing', { treatment: 'rates', rates: [{ name: 'VAT', percent: '0' }] }, ['rates', 'VAT VAT 0', null, null]],
    ['an exemption', { treatment: 'exempt', reason: 'education', reference: null }, ['exempt', 'education', null, null]],
    ['reverse charge', { treatment: 'reverse_charge', more: 'is passed over' }, ['reverse_charge', null, null]],
  ])(`${name}: answers %s as it was said`, async (_, body, expected) => {
    subject.answers({ body })
    expect(shown(await subject.service().determine(ASK))).toEqual(expected)
  })

  test(`${name}: the same ask has the same id, however often it is made`, async () => {
    subject.answers({ body: { treatment: 'reverse_charge' } })
    const before = subject.asked().length
    await subject.service().determine(ASK)
    await subject.service().determine(ASK)
    expect(subject.asked().slice(before)).toEqual([ASK.id, ASK.id])
  })

  test.each<[string, Behind, TaxAsk?]>([
    ['an error', { status: 500, body: {} }],
    ['a refusal', { status: 400, body: { error: 'unknown address' } }],
    ['nothing there', { status: 404, body: {} }],
    ['no JSON', { body: 'rates: 19' }],
    ['no treatment', { body: { rates: [{ name: 'VAT', percent: '19' }] } }],
    ['an unknown treatment', { body: { treatment: 'maybe' } }],
    ['rates without one', { body: { treatment: 'rates', rates: [] } }],
    ['a percentage that is a float', { body: { treatment: 'rates', rates: [{ name: 'VAT', percent: 19 }] } }],
    ['a percentage that is none', { body: { treatment: 'rates', rates: [{ name: 'VAT', percent: '19 %' }] } }],
    ['a percentage below zero', { body: { treatment: 'rates', rates: [{ name: 'VAT', percent: '-1' }] } }],
    ['a percentage of more digits than are kept', { body: { treatment: 'rates', rates: [{ name: 'VAT', percent: '19.00000001' }] } }],
    ['an exemption without a reason', { body: { treatment: 'exempt' } }],
    ['what does not hold any more', { body: { treatment: 'reverse_charge', valid_until: '2026-11-25T12:00:00Z' } }],
    ['an end that is no time', { body: { treatment: 'reverse_charge', valid_until: 'tomorrow' } }],
    ['reverse charge for a customer without a tax id', { body: { treatment: 'reverse_charge' } }, WITHOUT_ID],
    ['more than anybody reads', { body: { treatment: 'exempt', reason: 'x', padding: 'x'.repeat(20_000_000) } }],
    ['nothing, and hangs up', 'silent'],
  ])(`${name}: %s is no answer`, async (_, behind, ask = ASK) => {
    subject.answers(behind)
    await expect(subject.service().determine(ask)).rejects.toThrow(TaxServiceError)
  })
}
