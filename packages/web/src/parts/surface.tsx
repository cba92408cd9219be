// The surfaces everything stands on: page heads, cards, figures, badges, and the states that a surface may be in while there is nothing
// to show: loading, empty (with the command that fills it), refused or out of reach.

import type { ReactNode } from 'react'
import { ProblemError } from '../api/client.ts'
import { Copy } from './copy.tsx'
import { useLanguage, useWords } from '../words/words.tsx'

export function join(...names: readonly (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(' ')
}

export function PageHead({ title, lead, children }: { readonly title: ReactNode; readonly lead?: ReactNode; readonly children?: ReactNode }) {
  return (
    <header className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 className="truncate text-xl font-semibold tracking-tight">{title}</h1>
        {lead !== undefined && <p className="mt-1 max-w-prose text-muted">{lead}</p>}
      </div>
      {children !== undefined && <div className="flex flex-wrap items-center gap-2">{children}</div>}
    </header>
  )
}

type CardProps = { readonly title?: ReactNode; readonly note?: ReactNode; readonly actions?: ReactNode; readonly children: ReactNode; readonly flush?: boolean; readonly className?: string }

export function Card({ title, note, actions, children, flush = false, className }: CardProps) {
  return (
    <section className={join('min-w-0 rounded-xl border bg-surface', className)}>
      {title !== undefined && (
        <header className="flex flex-wrap items-center justify-between gap-2 px-5 pt-4 pb-3">
          <div className="min-w-0">
            <h2 className="text-sm font-semibold">{title}</h2>
            {note !== undefined && <p className="mt-0.5 text-xs text-muted">{note}</p>}
          </div>
          {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </header>
      )}
      <div className={flush ? '' : join('px-5 pb-5', title === undefined && 'pt-5')}>{children}</div>
    </section>
  )
}

/** One figure with what it is; `note` says where it stands. */
export function Figure({ label, value, note, tone }: { readonly label: ReactNode; readonly value: ReactNode; readonly note?: ReactNode; readonly tone?: Tone }) {
  return (
    <div className="min-w-0 px-4 py-4 shadow-[1px_1px_0_0_var(--color-line)]">
      <dt className="truncate text-xs font-medium text-muted">{label}</dt>
      <dd className={join('mt-1 text-lg font-semibold tracking-tight break-words sm:text-[1.375rem] sm:leading-8', tone !== undefined && TONE_TEXT[tone])}>{value}</dd>
      <dd className="mt-0.5 min-h-4 text-xs text-faint">{note}</dd>
    </div>
  )
}

/** Figures side by side, parted by hairlines; `isFour`: four in a row. */
export function Figures({ children, label, isFour = false }: { readonly children: ReactNode; readonly label: string; readonly isFour?: boolean }) {
  return (
    <dl aria-label={label} className={join('mb-6 grid grid-cols-2 overflow-hidden rounded-xl border bg-surface', isFour ? 'lg:grid-cols-4' : 'sm:grid-cols-[repeat(auto-fit,minmax(9rem,1fr))]')}>
      {children}
    </dl>
  )
}

export type Tone = 'neutral' | 'good' | 'warn' | 'bad' | 'accent'
const TONE_TEXT: Readonly<Record<Tone, string>> = { neutral: '', good: 'text-good', warn: 'text-warn', bad: 'text-bad', accent: 'text-accent' }
const TONE_BADGE: Readonly<Record<Tone, string>> = {
  neutral: 'bg-sunken text-muted',
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  accent: 'bg-accent-soft text-accent',
}

export function Badge({ tone = 'neutral', children, title }: { readonly tone?: Tone; readonly children: ReactNode; readonly title?: string }) {
  return (
    <span title={title} className={join('inline-flex max-w-full items-center gap-1 truncate rounded-md px-1.5 py-0.5 text-2xs font-medium whitespace-nowrap', TONE_BADGE[tone])}>
      {children}
    </span>
  )
}

export function standingTone(standing: string): Tone {
  return standing === 'good' ? 'good' : standing === 'grace' || standing === 'paused' ? 'warn' : 'bad'
}

/** Rows of a shape like what will come, so that nothing jumps. */
export function Loading({ rows = 3, label }: { readonly rows?: number; readonly label?: string }) {
  const { common } = useWords()
  return (
    <div role="status" aria-label={label ?? common.loading} className="space-y-2.5 py-1">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className={join('h-4 animate-shimmer rounded bg-sunken', ['w-11/12', 'w-4/5', 'w-2/3'][index % 3])} />
      ))}
    </div>
  )
}

export function Empty({ title, children, command }: { readonly title: string; readonly children?: ReactNode; readonly command?: string }) {
  return (
    <div className="flex flex-col items-center px-4 py-8 text-center">
      <p className="font-medium">{title}</p>
      {children !== undefined && <div className="mt-1 max-w-prose text-muted">{children}</div>}
      {command !== undefined && <Command text={command} />}
    </div>
  )
}

export function Command({ text }: { readonly text: string }) {
  return (
    <div className="mt-3 flex w-full max-w-2xl items-start gap-2 rounded-lg border bg-sunken p-3 text-left">
      <pre tabIndex={0} className="min-w-0 flex-1 overflow-x-auto font-mono text-xs leading-5 whitespace-pre">{text}</pre>
      <Copy text={text} />
    </div>
  )
}

export function Failure({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const problem = error instanceof ProblemError ? error.problem : null
  const isAway = problem?.status === 0
  const { common, problems } = useWords()
  const language = useLanguage()
  const title = language === 'en' ? problem?.title : ((problems as Readonly<Record<string, string>>)[problem?.code ?? ''] ?? problem?.title)
  return (
    <div role="alert" className={join('rounded-lg border px-4 py-3', isAway ? 'border-warn/40 bg-warn-soft' : 'border-bad/40 bg-bad-soft')}>
      <p className="font-medium">{title ?? common.wentWrong}</p>
      {isAway ? <p className="mt-0.5 text-muted">{common.unreachableDetail}</p> : <p lang="en" className="mt-0.5 text-muted">{problem?.detail ?? String(error)}</p>}
      <p className="mt-1 flex gap-3 text-xs text-muted">
        {retry !== undefined && (
          <button type="button" onClick={retry} className="font-medium text-accent underline underline-offset-2">
            {common.tryAgain}
          </button>
        )}
        {problem?.request_id !== undefined && <span>{common.request(problem.request_id)}</span>}
      </p>
    </div>
  )
}

type Asked<Data> = { readonly data: Data | undefined; readonly error: unknown; readonly refetch: () => unknown }

/** What a query has: the answer, a failure, or rows that wait for it. */
export function Loaded<Data>({ query, rows, children }: { readonly query: Asked<Data>; readonly rows?: number; readonly children: (data: Data) => ReactNode }) {
  if (query.data !== undefined) return children(query.data)
  if (query.error !== null) return <Failure error={query.error} retry={() => void query.refetch()} />
  return <Loading {...(rows === undefined ? {} : { rows })} />
}
