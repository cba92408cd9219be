// Notices for a product's own React pages: the nudge when an allowance runs low, the banner while a payment is late, and the paywall where
// something is refused. Each shows nothing while there is nothing to say.

import type { ReactNode } from 'react'
import type { Balance, Budget } from '../api/operations.ts'
import { useLanguage, useWords } from '../words/words.tsx'
import { graceOf, lowBalanceOf, nudgeOf, paywallOf, type NoticeModel, type Refusal, type Standing } from './model.ts'

type Act = { readonly children?: ReactNode }

function Notice({ notice, action }: { readonly notice: NoticeModel | null; readonly action: ReactNode }) {
  if (notice === null) return null
  const { tone, title, text, link } = notice
  return (
    <div role="status" className={`flex flex-wrap items-center justify-between gap-3 rounded-xl border px-4 py-3 ${tone === 'warn' ? 'border-warn/40 bg-warn-soft' : 'border-bad/40 bg-bad-soft'}`}>
      <div className="min-w-0">
        <p className="font-medium">{title}</p>
        <p className="text-muted">{text}</p>
      </div>
      {action ?? (link !== undefined && <a href={link.href} target="_blank" rel="noopener" className="font-medium underline underline-offset-2">{link.text}</a>)}
    </div>
  )
}

/** "80 % used, starts anew on 1 December". `children`: what leads to more, such as an upgrade link. */
export function UsageNudge({ budgets, children }: { readonly budgets: readonly Budget[] } & Act) {
  return <Notice notice={nudgeOf(useWords(), budgets)} action={children} />
}

/** While the standing is not good: what it means, until when and what to do. */
export function GraceBanner({ children, ...standing }: Standing & Act) {
  return <Notice notice={graceOf(useWords(), standing, useLanguage() === 'en')} action={children} />
}

/** Credits that last for a week at most. */
export function LowBalance({ balance, runwayDays, children }: { readonly balance: Balance; readonly runwayDays: number | null } & Act) {
  return <Notice notice={lowBalanceOf(useWords(), balance, runwayDays)} action={children} />
}

/** In place of what was refused. */
export function Paywall({ denied, children }: { readonly denied: Refusal } & Act) {
  const w = useWords()
  const { title, message, used, anew, links } = paywallOf(w, denied)
  return (
    <section aria-label={w.widgets.refused} className="rounded-xl border bg-surface p-6 text-center">
      <h3 className="text-base font-semibold">{title}</h3>
      <p className="mx-auto mt-1 max-w-prose text-muted">{message}</p>
      {used !== null && <p className="mt-3 font-medium">{used}</p>}
      {anew !== null && <p className="mt-1 text-xs text-faint">{anew}</p>}
      <p className="mt-4 flex justify-center gap-3">
        {links.map(({ href, text }) => <a key={href} className="font-medium text-accent underline underline-offset-2" href={href}>{text}</a>)}
        {children}
      </p>
    </section>
  )
}
