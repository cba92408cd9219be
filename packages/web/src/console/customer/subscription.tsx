// The agreement with a customer: where it stands in words to read out, what may be done about it, its life, and the facts behind it.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useRefresh } from '../../api/live.tsx'
import type { Customer, Subscription as Agreement } from '../../api/operations.ts'
import { ask, askPages, useWrite } from '../../api/queries.ts'
import { Button } from '../../parts/controls.tsx'
import { Copy } from '../../parts/copy.tsx'
import { day, words } from '../../parts/format.ts'
import { useSettings } from '../../parts/settings.tsx'
import { Badge, Card, Empty, Failure, Loaded } from '../../parts/surface.tsx'
import { More, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/values.tsx'
import { standingText } from '../../views/standing.ts'
import { Timeline } from '../../views/timeline.tsx'
import { useMay } from '../session.tsx'
import { ChangePlan } from './change-plan.tsx'
import { ACTS, SubscriptionAction, type Act } from './subscription-actions.tsx'

export function SubscriptionTab({ customer }: { readonly customer: Customer }) {
  const query = useSubscription(customer.id)
  return (
    <Loaded query={query} rows={8}>
      {(subscription) => (
        <div className="space-y-6">
          <StandingCard customer={customer} subscription={subscription} />
          <Card title="What was, and what comes" note="Dashed is what comes by itself. Each entry has the time at which it took effect, also when it was heard of later." flush>
            <Timeline customer={customer.id} subscription={subscription} />
          </Card>
          <Facts customer={customer.id} />
        </div>
      )}
    </Loaded>
  )
}

export function useSubscription(customer: string) {
  useRefresh([['getSubscription']], (message) => message.type.startsWith('subscription.') && message.customer === customer)
  return useQuery(ask('getSubscription', { params: { customer } }))
}

export function StandingCard({ customer, subscription }: { readonly customer: Customer; readonly subscription: Agreement }) {
  const { zone } = useSettings()
  const [act, setAct] = useState<Act | 'change' | null>(null)
  const may = useMay('support', 'finance')
  const unschedule = useWrite('actOnSubscription')
  const text = standingText(customer.name, subscription, zone)
  const { period, seats, add_ons: addOns, source, scheduled, blocks } = subscription
  const acts = (Object.keys(ACTS) as Act[]).filter((name) => ACTS[name].fits(subscription)).sort((a, b) => Number(ACTS[a].isHard ?? false) - Number(ACTS[b].isHard ?? false))
  return (
    <Card title="Where it stands" actions={may && <><Button onClick={() => setAct('change')}>Change plan …</Button>{acts.map((name) => <Button key={name} look={ACTS[name].isHard === true ? 'danger' : 'plain'} onClick={() => setAct(name)}>{ACTS[name].label} …</Button>)}</>}>
      <p className="flex items-start justify-between gap-4 text-[0.9375rem] leading-6"><span className="max-w-prose">{text}</span> <Copy text={text} label="Copy what to say" /></p>
      <p className="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-xs text-muted">
        <span>Period {day(period.start, zone)} – {day(period.end, zone)}</span>
        <span>{seats} {seats === 1 ? 'seat' : 'seats'}</span>
        {addOns.map(({ id, quantity }) => <span key={id}>{quantity} × {id}</span>)}
        <span>billed by {source === 'tollgate' ? 'Tollgate' : words(source)}</span>
        {blocks.map(({ kind, ref }) => <Badge key={`${kind} ${ref}`} tone="bad">{kind} {ref}</Badge>)}
        {customer.observe && <Badge tone="warn" title="Decided, recorded and shown, but nothing is refused.">observed only</Badge>}
      </p>
      {scheduled.map(({ id, takes_effect_at: at, plan, seats: next }) => (
        <p key={id} className="mt-3 flex flex-wrap items-center justify-between gap-3 rounded-lg bg-sunken px-3 py-2">
          <span>On {day(at, zone)}: {[plan === null ? '' : `plan ${plan}`, next === null ? '' : `${next} seats`].filter(Boolean).join(', ')}</span>
          {may && <Button className="h-7 px-2 text-xs" disabled={unschedule.isPending} onClick={() => unschedule.mutate({ params: { customer: customer.id }, body: { action: 'unschedule', schedule: id } })}>Take it back</Button>}
        </p>
      ))}
      {unschedule.error !== null && <div className="mt-3"><Failure error={unschedule.error} /></div>}
      {act === 'change' && <ChangePlan customer={customer} onClose={() => setAct(null)} />}
      {act !== null && act !== 'change' && <SubscriptionAction act={act} customer={customer.id} name={customer.name} subscription={subscription} onClose={() => setAct(null)} />}
    </Card>
  )
}

function Facts({ customer }: { readonly customer: string }) {
  const query = useInfiniteQuery(askPages('listSubscriptionFacts', { params: { customer }, query: { limit: 50 } }))
  return (
    <Card title="The facts behind it" note="Dated and never changed. State and plan are worked out from all of them, whatever the order in which they came." flush>
      <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No fact is recorded" />
          ) : (
            <Table
              label="Facts"
              rows={rows}
              rowKey={({ id }) => id}
              columns={[
                { head: 'Was so at', className: 'whitespace-nowrap', cell: ({ at }) => <Time at={at} /> },
                { head: 'Fact', cell: ({ kind }) => <span className="font-medium">{words(kind)}</span> },
                { head: 'Told by', cell: ({ source, actor }) => <span title={actor}>{words(source)}</span> },
                { head: 'Heard at', className: 'whitespace-nowrap', cell: ({ recorded_at: at }) => <Time at={at} className="text-muted" /> },
                { head: 'Why', className: 'text-muted', cell: ({ reason }) => reason },
              ]}
            />
          )
        }
      </Loaded>
      <More query={query} />
    </Card>
  )
}
