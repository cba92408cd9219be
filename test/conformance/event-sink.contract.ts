// What every event sink must do: each event answered by itself, once for ever, whatever comes with it.

import { expect, test } from 'vitest'
import { instant, type CustomerId, type EventSink, type IncomingUsage, type UsageEvent } from '@tollgate/core'

export type SinkUnderTest = {
  readonly sink: () => EventSink
  /** A customer without an allowance or wallet limit in the way: a thousand input tokens are charged 0.015. */
  readonly customer: () => Promise<CustomerId>
  /** Sum of all charges of the customer, as decimal text. */
  readonly charged: (customer: CustomerId) => Promise<string>
}

export function eventSinkContract(name: string, under: SinkUnderTest): void {
  const accept = async (events: readonly IncomingUsage[]) => (await under.sink().accept(events)).map(({ status }) => status)

  test(`${name}: an event is accepted once; the same again is a duplicate, other content a conflict, in one call or several`, async () => {
    const customer = await under.customer()
    expect(await accept([event(customer, 'a', '1000'), event(customer, 'a', '1000'), event(customer, 'a', '7'), event(customer, 'b', '1000')])).toEqual(['accepted', 'duplicate', 'conflict', 'accepted'])
    expect(await accept([event(customer, 'b', '1000'), event(customer, 'a', '7'), event(customer, 'c', '1000')])).toEqual(['duplicate', 'conflict', 'accepted'])
    expect(await under.charged(customer)).toBe('0.045')
  })

  test(`${name}: a time that was filled in does not make a retry a conflict, a stated time does`, async () => {
    const customer = await under.customer()
    const at = (time: number, statedTime: boolean): IncomingUsage => ({ statedTime, event: { ...event(customer, statedTime ? 's' : 'f', '1').event, time: instant(time) } })
    const now = Date.now()
    expect(await accept([at(now, false), at(now - 5_000, false), at(now, true), at(now - 5_000, true)])).toEqual(['accepted', 'duplicate', 'accepted', 'conflict'])
  })

  test(`${name}: a bad event is answered with its reason and the others are charged`, async () => {
    const customer = await under.customer()
    const results = await under.sink().accept([event(customer, 'good-1', '1000'), event(customer, 'bad', '-5'), event('cus_nobody' as CustomerId, 'lost', '1'), event(customer, 'good-2', '1000')])
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'rejected', 'rejected', 'accepted'])
    expect(await under.charged(customer)).toBe('0.03')
  })

  test(`${name}: the same id of another source or another customer is another event`, async () => {
    const [one, two] = [await under.customer(), await under.customer()]
    const other: IncomingUsage = { ...event(one, 'x', '1000'), event: { ...event(one, 'x', '1000').event, source: 'other' } }
    expect(await accept([event(one, 'x', '1000'), other, event(two, 'x', '1000')])).toEqual(['accepted', 'accepted', 'accepted'])
  })

  test(`${name}: fifty callers with the same hundred events at once charge each event once`, async () => {
    const customer = await under.customer()
    const events = Array.from({ length: 100 }, (_, index) => event(customer, `e${index}`, '1000'))
    const statuses = (await Promise.all(Array.from({ length: 50 }, () => accept(events)))).flat()
    expect(statuses.filter((status) => status === 'accepted').length).toBe(100)
    expect(await under.charged(customer)).toBe('1.5')
  })

  test(`${name}: nothing to accept is answered with nothing`, async () => {
    expect(await accept([])).toEqual([])
  })
}

function event(customer: CustomerId, id: string, tokens: string): IncomingUsage {
  const usage: UsageEvent = {
    id, source: 'app', type: 'ai.request', customer, time: instant(Date.now() - 1_000), entity: null, feature: 'chat', run: null, key: null, quantities: { input_tokens: tokens },
    dimensions: {}, cost: null, estimated: false, catalogVersion: null, settled: null, context: {},
  }
  return { event: usage, statedTime: false }
}
