// The life of a subscription: what is known to come, where it stands, and what was told, newest first. What turned out not to have
// happened so is struck through and says what took it back.

import { useQuery } from '@tanstack/react-query'
import { useRefresh } from '../api/live.tsx'
import type { Subscription, SubscriptionEvent } from '../api/operations.ts'
import { call } from '../api/client.ts'
import { Badge, Empty, join, Loaded, standingTone, type Tone } from '../parts/surface.tsx'
import { Time } from '../parts/values.tsx'
import { termOf, titleTerm, useWords } from '../words/words.tsx'

const PAGE = 500
/** Of a life longer than this the newest are shown. */
const SHOWN_MAX = 200

export function stateTone(state: string): Tone {
  return state === 'active' || state === 'trialing' ? 'good' : state === 'incomplete' ? 'warn' : standingTone(state)
}

export function Timeline({ customer, subscription }: { readonly customer: string; readonly subscription: Subscription }) {
  const w = useWords()
  const { timeline } = w
  const query = useQuery({ queryKey: ['listSubscriptionEvents', customer], queryFn: ({ signal }) => allEvents(customer, signal) })
  useRefresh([['listSubscriptionEvents']], (message) => message.type.startsWith('subscription.') && message.customer === customer)
  return (
    <ol className="relative space-y-0 pb-3">
      {subscription.scheduled.map(({ id, takes_effect_at: at, plan, seats }) => (
        <Entry key={id} at={at} isAhead title={timeline.changesTo([plan === null ? '' : timeline.plan(plan), seats === null ? '' : timeline.seats(seats)].filter(Boolean).join(', '))} note={timeline.ordered} />
      ))}
      {subscription.ahead.toReversed().map(({ from, state, plan, reason }) => <Entry key={`${from} ${state}`} at={from} isAhead title={<><Badge tone={stateTone(state)}>{termOf(w, state)}</Badge> {timeline.plan(plan)}</>} note={timeline.unless(reason)} />)}
      <Entry at={subscription.as_of} isNow title={<><b className="font-semibold">{timeline.now}</b> <Badge tone={stateTone(subscription.state)}>{termOf(w, subscription.state)}</Badge> {timeline.plan(subscription.plan)}</>} note={subscription.reason} />
      {query.data === undefined && <li className="px-5"><Loaded query={query}>{() => null}</Loaded></li>}
      {query.data?.length === 0 && <li><Empty title={timeline.none} /></li>}
      {query.data?.slice(0, SHOWN_MAX).map((event) => (
              <Entry
                key={event.sequence}
                at={event.effective_at}
                isVoid={event.voided_by !== null}
                title={<><span className="font-medium">{titleTerm(w, event.type.replace('subscription.', ''))}</span> <Badge tone={stateTone(event.state)}>{termOf(w, event.state)}</Badge> <span className="text-muted">{timeline.plan(event.plan)}</span></>}
                note={<>{event.reason}{event.voided_by !== null && timeline.takenBackBy(event.voided_by)}{event.voids !== null && timeline.takesBack(event.voids)} <span className="text-faint">#{event.sequence}</span></>}
              />
      ))}
    </ol>
  )
}

async function allEvents(customer: string, signal: AbortSignal): Promise<readonly SubscriptionEvent[]> {
  const all: SubscriptionEvent[] = []
  for (let after: number | null = 0; after !== null; ) {
    const page: { readonly data: readonly SubscriptionEvent[]; readonly next_after: number | null } = await call('listSubscriptionEvents', { params: { customer }, query: { after, limit: PAGE }, signal })
    all.push(...page.data)
    after = page.next_after
  }
  return all.sort((a, b) => Date.parse(b.effective_at) - Date.parse(a.effective_at) || b.sequence - a.sequence)
}

type EntryProps = { readonly at: string; readonly title: React.ReactNode; readonly note: React.ReactNode; readonly isAhead?: boolean; readonly isNow?: boolean; readonly isVoid?: boolean }

function Entry({ at, title, note, isAhead = false, isNow = false, isVoid = false }: EntryProps) {
  return (
    <li className={join('relative grid grid-cols-[1.25rem_1fr] gap-x-2 px-5 py-2 sm:grid-cols-[1.25rem_11rem_1fr]', isVoid && 'line-through opacity-70')}>
      <span aria-hidden="true" className="relative flex justify-center">
        <span className="absolute -top-2 -bottom-2 w-px bg-line" />
        <span className={join('relative mt-1.5 size-2.5 rounded-full border-2', isNow ? 'border-accent bg-accent' : isAhead ? 'border-edge border-dashed bg-surface' : 'border-edge bg-edge')} />
      </span>
      <Time at={at} className="text-muted" />
      <div className="col-start-2 min-w-0 sm:col-start-3">
        <p>{title}</p>
        {note !== null && <p className="text-xs text-muted">{note}</p>}
      </div>
    </li>
  )
}
