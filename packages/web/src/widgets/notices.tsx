// Notices for a product's own pages: the nudge when an allowance runs low, the banner while a payment is late, and the paywall where
// something is refused. Each reads the standing that it is given and shows nothing while there is nothing to say.

import type { ReactNode } from 'react'
import type { Balance, Budget, Denied, Entitlements } from '../api/operations.ts'
import { isNegative, shareOf } from '../parts/decimal.ts'
import { day, measure, percent, words } from '../parts/format.ts'

const NUDGE_FROM = 0.8
type Act = { readonly children?: ReactNode }

function Notice({ tone, title, children, action }: { readonly tone: 'warn' | 'bad'; readonly title: string; readonly children: ReactNode; readonly action: ReactNode }) {
  return (
    <div role="status" className={`flex flex-wrap items-center justify-between gap-3 rounded-xl border px-4 py-3 ${tone === 'warn' ? 'border-warn/40 bg-warn-soft' : 'border-bad/40 bg-bad-soft'}`}>
      <div className="min-w-0">
        <p className="font-medium">{title}</p>
        <p className="text-muted">{children}</p>
      </div>
      {action}
    </div>
  )
}

/** "80 % used, starts anew on 1 December". `children`: what leads to more, such as an upgrade link. */
export function UsageNudge({ budgets, children }: { readonly budgets: readonly Budget[] } & Act) {
  const near = budgets.filter((budget) => budget.kind !== 'wallet' && shareOf(budget.used, budget.limit) >= NUDGE_FROM).sort((a, b) => shareOf(b.used, b.limit) - shareOf(a.used, a.limit))[0]
  if (near === undefined) return null
  const share = shareOf(near.used, near.limit)
  return (
    <Notice tone={share >= 1 && near.enforcement === 'hard' && near.kind !== 'allowance' ? 'bad' : 'warn'} title={`${percent(share)} of ${near.name} used`} action={children}>
      {isNegative(near.remaining) ? `Over by ${measure(near.remaining.slice(1), near.unit)}, of` : `${measure(near.remaining, near.unit)} left of`} {measure(near.limit, near.unit)}
      {near.resets_at === null ? '.' : `; starts anew on ${day(near.resets_at)}.`}
    </Notice>
  )
}

const LEVELS = { info: ['warn', 'Good to know'], warning: ['warn', 'A payment is late'], blocked: ['bad', 'Requests are refused'] } as const

/** While the standing is not good: what it means, until when and what to do; in the words of `notice` where the API has some. */
export function GraceBanner({ standing, until = null, notice = null, children }: { readonly standing: Entitlements['standing']; readonly until?: string | null; readonly notice?: Entitlements['notice'] } & Act) {
  if (notice !== null) {
    const [tone, title] = LEVELS[notice.level]
    return (
      <Notice tone={tone} title={notice.level === 'warning' && standing !== 'grace' ? 'Needs your attention' : title} action={children}>
        {notice.message}{notice.until !== null && ` It changes by itself on ${day(notice.until)}.`}
      </Notice>
    )
  }
  if (standing === 'good') return null
  if (standing === 'grace')
    return (
      <Notice tone="warn" title="A payment is late" action={children}>
        Everything still works{until === null ? '' : ` until ${day(until)}`}. Pay the open invoice, and it stays so.
      </Notice>
    )
  return (
    <Notice tone="bad" title={`This account is ${standing}`} action={children}>
      Requests are refused until that changes. {standing === 'suspended' ? 'Pay what is open, or speak with support.' : 'Speak with support to change it.'}
    </Notice>
  )
}

/** Low credits: below what the last days used in `days`. */
export function LowBalance({ balance, runwayDays, children }: { readonly balance: Balance; readonly runwayDays: number | null } & Act) {
  if (runwayDays === null || runwayDays > 7) return null
  return (
    <Notice tone={runwayDays < 1 ? 'bad' : 'warn'} title={runwayDays < 1 ? 'Credits end today' : `Credits for about ${Math.floor(runwayDays)} ${Math.floor(runwayDays) === 1 ? 'day' : 'days'}`} action={children}>
      {measure(balance.balance, balance.currency)} left, at the pace of the last week.
    </Notice>
  )
}

/** In place of what was refused: which limit, how much, when it starts anew, and what to do. */
export function Paywall({ denied, children }: { readonly denied: Pick<Denied, 'reason' | 'message' | 'limit' | 'used' | 'unit' | 'resets_at' | 'top_up_url' | 'upgrade_url'> } & Act) {
  const { reason, message, limit, used, unit, resets_at: resetsAt, top_up_url: topUp, upgrade_url: upgrade } = denied
  return (
    <section aria-label="Refused" className="rounded-xl border bg-surface p-6 text-center">
      <h3 className="text-base font-semibold">{words(reason)}</h3>
      <p className="mx-auto mt-1 max-w-prose text-muted">{message}</p>
      {limit !== null && used !== null && unit !== null && <p className="mt-3 font-medium">{measure(used, unit)} of {measure(limit, unit)} used</p>}
      {resetsAt !== null && <p className="mt-1 text-xs text-faint">Starts anew on {day(resetsAt)}</p>}
      <p className="mt-4 flex justify-center gap-3">
        {topUp !== null && <a className="font-medium text-accent underline underline-offset-2" href={topUp}>Add credits</a>}
        {upgrade !== null && <a className="font-medium text-accent underline underline-offset-2" href={upgrade}>Compare plans</a>}
        {children}
      </p>
    </section>
  )
}
