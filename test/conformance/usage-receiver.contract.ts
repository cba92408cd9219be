// What every receiver of usage must do: show what it was given, count an id once, take back what was too much, tell whether a record of which no
// answer came is there, and say for how long it wants not to be asked.

import { expect, test } from 'vitest'
import { DAY_MS, formatDecimal, HOUR_MS, instant, parseDecimal, type Instant, type Span } from '../../packages/core/src/index.ts'
import type { UsageReceiver, UsageRecord } from '../../packages/server/src/app/handover/usage-port.ts'
import { ProviderError, type Account } from '../../packages/server/src/app/providers/connector.ts'

export type UsageWorld = {
  readonly receiver: UsageReceiver
  readonly account: Account
  readonly inBatches: boolean
  /** The answers of so many writes are lost after the work was done. */
  readonly lose: (answers: number) => void
  readonly pause: (seconds: number) => void
  /** A day and more passes: what is known by its id is forgotten. */
  readonly forget: () => void
}

export function usageReceiverContract(name: string, open: () => Promise<UsageWorld>): void {
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS
  const lengthOf = ({ receiver }: UsageWorld) => (receiver.spans.includes('hour') ? HOUR_MS : DAY_MS)

  /** The n-th record of a span: it moves the span from `before` to `after`. */
  function record(world: UsageWorld, of: { readonly span?: number; readonly n?: number; readonly before?: string; readonly after: string }): UsageRecord {
    const lengthMs = lengthOf(world)
    const { span: back = 1, n = 0, before = '0', after } = of
    const start = instant(today - back * lengthMs)
    const digits = (text: string) => parseDecimal(text, 9, 'quantity')
    const quantity = world.receiver.takes === 'totals' ? after : formatDecimal(digits(after) - digits(before), 9)
    return { id: `tg-${back}-${n}`, spanId: `tg-${back}`, customer: 'cus_one', external: 'theirs', name: 'tokens', quantity, at: start, span: { start, end: instant(start + lengthMs) }, before }
  }
  const send = ({ receiver, account, inBatches }: UsageWorld, ...records: UsageRecord[]) => receiver.send(account, records, { inBatches })
  async function totals({ receiver, account }: UsageWorld, span: Span = { start: (today - 10 * DAY_MS) as Instant, end: (today + DAY_MS) as Instant }): Promise<string[]> {
    const found: string[] = []
    for await (const total of receiver.totals(account, [{ external: 'theirs', name: 'tokens' }, { external: 'another', name: 'tokens' }], span)) found.push(total)
    return found
  }

  test(`${name}: what was given is what it has, of this customer and span alone`, async () => {
    const world = await open()
    for (const [index, quantity] of ['5', '7', '11', '13', '1000000000000'].entries()) await send(world, record(world, { span: index + 1, after: quantity }))
    expect(await totals(world)).toEqual(['1000000000036', '0'])
    const { span } = record(world, { span: 2, after: '0' })
    expect(await totals(world, span)).toEqual(['7', '0'])
  })

  test(`${name}: the same record again counts once, also after a lost answer`, async () => {
    const world = await open()
    const first = record(world, { after: '5' })
    world.lose(20)
    await expect(send(world, first)).rejects.toMatchObject({ retryable: true })
    world.lose(0)
    if (world.receiver.remembersMs > 0) await send(world, first)
    else expect(await world.receiver.find(world.account, first)).toBe('there')
    expect(await totals(world)).toEqual(['5', '0'])
  }, 30_000)

  test(`${name}: what comes late and what is taken back end in what is metered, down to nothing`, async () => {
    const world = await open()
    await send(world, record(world, { after: '5' }))
    await send(world, record(world, { n: 1, before: '5', after: '12' }))
    expect(await totals(world)).toEqual(['12', '0'])
    await send(world, record(world, { n: 2, before: '12', after: '3' }))
    expect(await totals(world)).toEqual(['3', '0'])
    await send(world, record(world, { n: 3, before: '3', after: '0' }))
    expect(await totals(world)).toEqual(['0', '0'])
  })

  test(`${name}: when its ids are forgotten, it can still be told whether a record arrived`, async () => {
    const world = await open()
    if (world.receiver.remembersMs === Infinity) return expect(world.receiver.takes).toBe('totals')
    const [first, second] = [record(world, { after: '5' }), record(world, { n: 1, before: '5', after: '9' })]
    expect(await world.receiver.find(world.account, first)).toBe('absent')
    await send(world, first)
    world.forget()
    expect(await world.receiver.find(world.account, first)).toBe('there')
    expect(await world.receiver.find(world.account, second)).toBe('absent')
    await send(world, second)
    expect(await world.receiver.find(world.account, second)).toBe('there')
  })

  test(`${name}: a pause that it asks for is told, and is not passed over by asking again`, async () => {
    const world = await open()
    world.pause(7)
    const error: unknown = await send(world, record(world, { after: '5' })).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ProviderError)
    expect(error).toMatchObject({ retryable: true, pauseMs: 7_000 })
    world.pause(0)
    expect(await totals(world)).toEqual(['0', '0'])
  })
}
