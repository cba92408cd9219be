// Buying credits: what they cost is quoted while the amount is typed, the payment is made on the provider's page, and what was bought is
// listed. Where nothing is sold, it says who adds credits.

import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { ProblemError, randomKey } from '../api/client.ts'
import { useRefresh } from '../api/live.tsx'
import type { CreditPayment } from '../api/operations.ts'
import { ask, askPages, useWrite } from '../api/queries.ts'
import { Button, Field } from '../parts/controls.tsx'
import { isZero } from '../parts/decimal.ts'
import { Badge, Card, Failure, Loaded, type Tone } from '../parts/surface.tsx'
import { More, Table } from '../parts/table.tsx'
import { Measure, Money, Time } from '../parts/values.tsx'
import { termOf, useWords } from '../words/words.tsx'

const AMOUNT = /^\d+(\.\d+)?$/

export function BuyCredits({ customer, asset, isAdmin }: { readonly customer: string; readonly asset: string; readonly isAdmin: boolean }) {
  const [key] = useState(randomKey)
  const [amount, setAmount] = useState('50')
  const { buy: said } = useWords()
  const wanted = useDeferredValue(amount.trim())
  const quote = useQuery({ ...ask('quoteCredits', { params: { customer }, query: { amount: AMOUNT.test(wanted) ? wanted : '1', asset } }), enabled: AMOUNT.test(wanted), placeholderData: keepPreviousData, retry: false })
  const open = useWrite('openTopUp', ({ url }) => void window.open(url, parent === window ? '_self' : '_blank', 'noopener'))
  const isSold = !(quote.error instanceof ProblemError && quote.error.problem.code === 'credits_not_sold')
  if (!isSold) return <Card title={said.title}><p className="text-muted">{said.notSold}</p></Card>
  const here = `${location.origin}/portal/credits${location.search}`
  return (
    <Card title={said.title} note={isAdmin ? said.note : said.noteReader}>
      <form
        className="flex flex-wrap items-start gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          open.mutate({ params: { customer }, body: { amount: amount.trim(), asset, success_url: here, cancel_url: here }, idempotencyKey: `${key}-${amount.trim()}` })
        }}
      >
        <div className="w-40"><Field label={said.amount(asset)} inputMode="decimal" required pattern="\d+(\.\d+)?" value={amount} onChange={(event) => setAmount(event.target.value)} /></div>
        <div className="min-w-48 flex-1 pt-7">
          {quote.data !== undefined && (
            <p aria-live="polite">
              <Money amount={quote.data.amount} currency={quote.data.currency} className="font-semibold" /> {!isZero(quote.data.tax) && <span className="text-muted">{said.ofItTax} <Money amount={quote.data.tax} currency={quote.data.currency} /> {said.tax}</span>} {!isZero(quote.data.bonus) && <Badge tone="good"><Measure value={quote.data.bonus} unit={asset} /> {said.onTop}</Badge>}
            </p>
          )}
        </div>
        {isAdmin && <Button type="submit" look="primary" className="mt-5" disabled={open.isPending || quote.data === undefined || !AMOUNT.test(amount.trim())}>{open.isPending ? said.opening : said.buy}</Button>}
      </form>
      {(open.error ?? (isSold ? quote.error : null)) !== null && <Failure error={open.error ?? quote.error} />}
    </Card>
  )
}

const STATES: Readonly<Record<CreditPayment['state'], Tone>> = { pending: 'warn', asked: 'warn', succeeded: 'good', failed: 'bad' }

/** Nothing while nothing was bought. */
export function Payments({ customer }: { readonly customer: string }) {
  const w = useWords()
  const { buy: said } = w
  const query = useInfiniteQuery(askPages('listPayments', { params: { customer }, query: { limit: 20 } }))
  useRefresh([['listPayments']], ({ type }) => type.startsWith('credits.'))
  if (query.data !== undefined && query.data.pages[0]!.data.length === 0) return null
  return (
    <Card title={said.purchases} note={said.purchasesNote} flush>
      <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }}>
        {(rows) => (
          <Table
            label={said.purchases}
            rows={rows}
            rowKey={({ id }) => id}
            columns={[
              { head: said.when, cell: ({ created_at: at }) => <Time at={at} /> },
              { head: said.why, cell: ({ cause }) => (cause === 'recharge' ? said.byItself : said.bought) },
              { head: said.state, cell: ({ state, reason }) => <Badge tone={STATES[state]} title={reason ?? ''}>{termOf(w, state)}</Badge> },
              { head: said.credits, isNumber: true, cell: ({ credits, bonus, asset }) => <><Measure value={credits} unit={asset} />{!isZero(bonus) && <span className="text-muted"> + <Measure value={bonus} unit={asset} /></span>}</> },
              { head: said.paid, isNumber: true, cell: ({ amount, currency }) => <Money amount={amount} currency={currency} /> },
            ]}
          />
        )}
      </Loaded>
      <More query={query} />
    </Card>
  )
}
