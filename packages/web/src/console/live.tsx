// Decisions as they happen, with filters, and everything else that the live stream tells. It can be held, to read in peace.

import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useFreshPages, useLive } from '../api/live.tsx'
import { askPages } from '../api/queries.ts'
import type { LiveMessage } from '../api/stream.ts'
import { Button, Choice, Filter } from '../parts/controls.tsx'
import { clockTime, words } from '../parts/format.ts'
import { Newer } from '../parts/newer.tsx'
import { useSettings } from '../parts/settings.tsx'
import { Badge, Card, Empty, Loaded, PageHead } from '../parts/surface.tsx'
import { More } from '../parts/table.tsx'
import { DecisionTable } from '../views/decisions.tsx'
import { CustomerName } from './customer-name.tsx'

export type LiveSearch = { readonly outcome?: 'allowed' | 'denied'; readonly reason?: string; readonly customer?: string; readonly model?: string; readonly feature?: string }
const REASONS = ['frozen', 'not_in_good_standing', 'feature_not_entitled', 'model_not_allowed', 'model_unpriced', 'context_length_exceeded', 'output_length_exceeded', 'rate_limited', 'run_halted', 'limit_exhausted', 'allowance_exhausted', 'credit_balance_exhausted', 'budget_unavailable']
const OTHER_KEPT = 30

export function LivePage() {
  const search = useSearch({ from: '/live' })
  const navigate = useNavigate()
  const [isHeld, setHeld] = useState(false)
  const [openedAt] = useState(() => Date.now())
  const query = useInfiniteQuery({ ...askPages('listDecisions', { query: { limit: 100, ...search } }), placeholderData: keepPreviousData })
  const fresh = useFreshPages(['listDecisions', 'pages'], query.data?.pages.length ?? 0, ({ type }) => !isHeld && (type === 'usage.settled' || type === 'request.denied'))
  const set = (part: Partial<LiveSearch>) => void navigate({ to: '/live', search: cleaned({ ...search, ...part }), replace: true })
  return (
    <>
      <PageHead title="Live" lead="Every request as it was decided, a moment after it ended; refusals at once.">
        <Button aria-pressed={isHeld} onClick={() => setHeld(!isHeld)}>{isHeld ? 'Go on' : 'Hold'}</Button>
      </PageHead>
      <div className="mb-4 flex flex-wrap items-center gap-2">
        <Choice isBare label="Decision" value={search.outcome ?? ''} options={[['', 'All decisions'], ['allowed', 'Allowed'], ['denied', 'Refused']]} onChange={(event) => set({ outcome: event.target.value as 'allowed', ...(event.target.value === 'denied' ? {} : { reason: '' }) })} />
        <Choice isBare label="Reason" value={search.reason ?? ''} options={[['', 'Any reason'], ...REASONS.map((reason) => [reason, words(reason)] as const)]} onChange={(event) => set({ reason: event.target.value, ...(event.target.value === '' ? {} : { outcome: 'denied' }) })} />
        <Filter label="Customer id" value={search.customer ?? ''} onChange={(customer) => set({ customer })} />
        <Filter label="Model" value={search.model ?? ''} onChange={(model) => set({ model })} />
        <Filter label="Feature" value={search.feature ?? ''} onChange={(feature) => set({ feature })} />
      </div>
      <Happenings />
      <Newer fresh={fresh} />
      <Card flush>
        <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }} rows={8}>
          {(rows) => (rows.length === 0 ? <Empty title="No decision fits">New ones appear here by themselves.</Empty> : <DecisionTable isLong rows={rows} newSince={openedAt} nameOf={(id) => <CustomerName id={id} tab="decisions" />} />)}
        </Loaded>
        <More query={query} isAuto />
      </Card>
    </>
  )
}

function cleaned(search: LiveSearch): LiveSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== '' && value !== undefined))
}

/** What happened beside decisions since the page was opened. */
function Happenings() {
  const [messages, setMessages] = useState<readonly LiveMessage[]>([])
  const { zone } = useSettings()
  useLive((next) => {
    const others = next.filter(({ type }) => type !== 'usage.settled' && type !== 'request.denied')
    if (others.length > 0) setMessages((now) => [...others.toReversed(), ...now].slice(0, OTHER_KEPT))
  })
  const [latest] = messages
  return (
    <details className="mb-4 rounded-xl border bg-surface px-5 py-2.5">
      <summary className="truncate text-muted">
        What else happened since this page was opened: {latest === undefined ? 'nothing' : <><Badge tone="accent">{words(latest.type)}</Badge> at {clockTime(latest.at, zone)}{messages.length > 1 && ` and ${messages.length - 1} more`}</>}
      </summary>
      <ol aria-live="polite" className="mt-2 space-y-1.5">
        {messages.map(({ id, type, at, customer }) => (
          <li key={id} className="flex gap-3">
            <time dateTime={at} className="text-muted">{clockTime(at, zone)}</time>
            <Badge tone="accent">{words(type)}</Badge>
            <span className="text-muted">{customer}</span>
          </li>
        ))}
      </ol>
    </details>
  )
}
