// What every receiver of invoices must do: one invoice of the lines that it is given, whose total is theirs, however often and after whatever
// trouble it is asked; show it under our id; and bring it to the ends that it came to here, with its credit notes.

import { expect, test } from 'vitest'
import { formatUnits, instant, units, type Span } from '../../packages/core/src/index.ts'
import type { Delivered, FoundInvoice, HandedInvoice, InvoiceReceiver } from '../../packages/server/src/app/handover/port.ts'
import type { Account } from '../../packages/server/src/app/providers/connector.ts'

export type ReceiverWorld = { readonly receiver: InvoiceReceiver; readonly account: Account | null; readonly now: () => number }

const cents = (amount: number) => units(BigInt(amount) * 10n ** 10n)

export function receiverContract(name: string, open: () => Promise<ReceiverWorld>): void {
  const invoice = (now: number, own: Partial<HandedInvoice> = {}): HandedInvoice => ({
    id: 'inv_one', customer: 'cus_one', external: 'cus_theirs', number: 'INV-000001', currency: 'USD', amountDue: cents(1_190), issuedAt: instant(now), dueAt: instant(now + 14 * 86_400_000), collects: false,
    lines: [
      { id: 'line-1', name: 'Input tokens, "fast"\nline two', amount: cents(1_200), from: '2026-01-01', to: '2026-01-31' },
      { id: 'discount-1', name: '=Partner, 17 %', amount: cents(-200), from: '2026-01-01', to: '2026-01-31' },
      { id: 'tax-1', name: 'VAT 19 %', amount: cents(190), from: '2026-01-01', to: '2026-01-31' },
    ],
    ...own,
  })
  const span = (now: number): Span => ({ start: instant(now - 3_600_000), end: instant(now + 3_600_000) })

  async function deliver({ receiver, account }: ReceiverWorld, one: HandedInvoice, begun: { externalId: string | null } = { externalId: null }): Promise<Delivered> {
    return receiver.deliver(account, one, { externalId: begun.externalId, keep: async (id) => void (begun.externalId = id) })
  }
  async function listed({ receiver, account, now }: ReceiverWorld): Promise<FoundInvoice[]> {
    const found: FoundInvoice[] = []
    for await (const one of receiver.list(account, span(now()))) found.push(one)
    return found
  }

  test(`${name}: an invoice comes to the sum of its lines and is shown under our id`, async () => {
    const world = await open()
    const { externalId, total } = await deliver(world, invoice(world.now()))
    expect(formatUnits(total, 'USD')).toBe('11.9')
    expect(await listed(world)).toMatchObject([{ externalId, invoice: 'inv_one', number: 'INV-000001', currency: 'USD', total: cents(1_190), state: 'open' }])
  })

  test(`${name}: asked again it is the same invoice, with or without what was kept`, async () => {
    const world = await open()
    const begun = { externalId: null as string | null }
    const first = await deliver(world, invoice(world.now()), begun)
    expect(await deliver(world, invoice(world.now()))).toEqual(first)
    expect(await deliver(world, invoice(world.now()), begun)).toEqual(first)
    expect(await listed(world)).toHaveLength(1)
  })

  test(`${name}: many invoices are all shown, each once, and those of another time are not`, async () => {
    const world = await open()
    for (let index = 0; index < 7; index++) await deliver(world, invoice(world.now(), { id: `inv_${index}`, number: `INV-00000${index}` }))
    expect((await listed(world)).map(({ invoice: id }) => id).sort()).toEqual(Array.from({ length: 7 }, (_, index) => `inv_${index}`))
    const later: FoundInvoice[] = []
    for await (const one of world.receiver.list(world.account, { start: instant(world.now() + 40 * 86_400_000), end: instant(world.now() + 50 * 86_400_000) })) later.push(one)
    expect(later).toEqual([])
  })

  test(`${name}: each end that it came to here is shown there, and one that is not there is null`, async () => {
    const world = await open()
    const { receiver, account } = world
    for (const [index, end] of (['paid', 'void', 'uncollectible'] as const).entries()) {
      const { externalId } = await deliver(world, invoice(world.now(), { id: `inv_${index}`, number: `INV-00000${index}` }))
      expect(await receiver.look(account, externalId)).toMatchObject({ externalId, state: 'open', total: cents(1_190), currency: 'USD', credited: 0n, notes: [] })
      await receiver.end(account, externalId, { end, invoice: `inv_${index}`, number: `INV-00000${index}`, reference: 'bank transfer 7', amount: cents(1_190), currency: 'USD', at: instant(world.now()) })
      expect(await receiver.look(account, externalId)).toMatchObject({ state: end === 'void' && !receiver.voids ? 'uncollectible' : end, total: cents(1_190) })
    }
    expect((await listed(world)).map(({ state }) => state).sort()).toEqual(receiver.voids ? ['paid', 'uncollectible', 'void'] : ['paid', 'uncollectible', 'uncollectible'])
    expect(await receiver.look(account, '2026-01/nowhere.csv')).toBeNull()
  })

  test(`${name}: credit notes of a paid invoice are there by our id, and the invoice is still what it was`, async () => {
    const world = await open()
    const { receiver, account } = world
    const { externalId } = await deliver(world, invoice(world.now()))
    await receiver.end(account, externalId, { end: 'paid', invoice: 'inv_one', number: 'INV-000001', reference: '', amount: cents(1_190), currency: 'USD', at: instant(world.now()) })
    for (const [index, amount] of [100, 250].entries()) {
      await receiver.credit(account, externalId, { id: `crn_${index}`, number: `CN-00000${index}`, invoice: 'inv_one', reason: 'service, "down"\non 12 March', amount: cents(amount), currency: 'USD', isPaid: true, at: instant(world.now()) })
    }
    expect(await receiver.look(account, externalId)).toMatchObject({ state: 'paid', total: cents(1_190), credited: cents(350), notes: ['crn_0', 'crn_1'] })
    expect(await listed(world)).toMatchObject([{ total: cents(1_190) }])
  })

  test(`${name}: an invoice below zero gives back, or is refused before anything is made`, async () => {
    const world = await open()
    const below = deliver(world, invoice(world.now(), { amountDue: cents(-500), lines: [{ id: 'line-1', name: 'Given back', amount: cents(-500), from: '2026-01-01', to: '2026-01-01' }] }))
    if (world.receiver.takesBelowZero) expect(formatUnits((await below).total, 'USD')).toBe('-5')
    else await expect(below).rejects.toMatchObject({ code: 'handover_below_zero' })
    expect(await listed(world)).toHaveLength(world.receiver.takesBelowZero ? 1 : 0)
  })
}
