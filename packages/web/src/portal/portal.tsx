// The portal of one customer: opened by a link or in a frame, with a token that its address holds after the #. Without a session it shows
// what everybody may see: the plans, and how credits are added.

import { Tabs } from 'radix-ui'
import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { LiveProvider } from '../api/live.tsx'
import type { PortalSession } from '../api/operations.ts'
import { LiveBadge } from '../parts/live-badge.tsx'
import { SettingsProvider, useSettings } from '../parts/settings.tsx'
import { Card, Empty, Failure, Loading } from '../parts/surface.tsx'
import { Breakdown } from '../views/breakdown.tsx'
import { CreditNotes } from '../views/credit-notes.tsx'
import { EventsView } from '../views/events.tsx'
import { InvoiceView } from '../views/invoice.tsx'
import { InvoicesCard } from '../views/invoices.tsx'
import { UsageView } from '../views/usage.tsx'
import { VerifyCard } from '../views/verify.tsx'
import { Credits } from './credits.tsx'
import { Export } from './export.tsx'
import { tellPage, useFrame } from './frame.ts'
import { Limits } from './limits.tsx'
import { MailLinkPage } from './mail-link.tsx'
import { Overview } from './overview.tsx'
import { Plans } from './plans.tsx'
import { PublicPlansPage, TopUpPage } from './public.tsx'
import { openSession, usePortalSession } from './session.ts'
import { ENGLISH, speakLocale } from '../words/speech.ts'
import { useWords, WordsProvider } from '../words/words.tsx'
import { FramedWidget, widgetOfAddress } from './framed-widget.tsx'

openSession()

export function Portal() {
  const session = usePortalSession()
  const asked = localeOf(session.data ?? null)
  const timeZone = session.data?.time_zone ?? null
  const spoken = useQuery({ queryKey: ['speak', asked, timeZone], queryFn: () => speakLocale(asked, timeZone), enabled: !session.isPending, staleTime: Infinity })
  useFrame(session.data ?? null)
  if (spoken.data !== undefined) document.documentElement.lang = spoken.data.language
  if (session.isPending || spoken.isPending) return <Frame><Loading rows={6} /></Frame>
  if (session.error !== null) return <Frame><Failure error={session.error} retry={() => void session.refetch()} /></Frame>
  return (
    <WordsProvider spoken={spoken.data ?? ENGLISH}>
      {session.data === null ? (
        <SettingsProvider><Frame><WithoutSession /></Frame></SettingsProvider>
      ) : (
        <SettingsProvider initial={{ theme: session.data.theme }}>
          <LiveProvider>
            <Frame>{widgetOfAddress() === null ? <Pages session={session.data} /> : <FramedWidget session={session.data} />}</Frame>
          </LiveProvider>
        </SettingsProvider>
      )}
    </WordsProvider>
  )
}

/** What the session says, else the link of a mail or a frame, else the browser. */
function localeOf(session: PortalSession | null): string {
  return session?.locale ?? new URLSearchParams(location.search).get('lang') ?? navigator.language
}

function WithoutSession() {
  const { frame } = useWords()
  if (location.pathname === '/plans') return <PublicPlansPage />
  if (location.pathname === '/top-up') return <TopUpPage />
  if (location.pathname === '/portal/mail') return <MailLinkPage />
  if (widgetOfAddress() === 'pricing-table') return <FramedWidget session={null} />
  return (
    <>
      <h1 className="sr-only">{frame.title}</h1>
      <Empty title={frame.ended}>{frame.endedDetail}</Empty>
    </>
  )
}

function Frame({ children }: { readonly children: React.ReactNode }) {
  return <main className="mx-auto max-w-5xl px-4 py-6 sm:px-8">{children}</main>
}

const PAGES = ['overview', 'usage', 'activity', 'credits', 'limits', 'invoice', 'plans'] as const
export type PageName = (typeof PAGES)[number]

/** The page stands in the address, so that a link and the back button work. */
function pageOfAddress(): PageName {
  if (location.pathname === '/plans') return 'plans'
  if (location.pathname === '/top-up') return 'credits'
  const name = location.pathname.split('/')[2]
  return PAGES.find((page) => page === name) ?? 'overview'
}

function Pages({ session }: { readonly session: PortalSession }) {
  const [page, setPage] = useState(pageOfAddress)
  const { customer } = session
  const { common, events, frame } = useWords()
  const open = (next: string) => {
    setPage(next as PageName)
    history.replaceState(null, '', `/portal/${next}${location.search}`)
    tellPage(session, next)
  }
  return (
    <Tabs.Root value={page} onValueChange={open}>
      <header className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <h1 className="text-xl font-semibold tracking-tight">{frame.title}</h1>
        <div className="flex items-center gap-4">
          <LiveBadge />
          <Zone timeZone={session.time_zone} />
          {session.return_url !== null && <a href={session.return_url} className="text-sm font-medium text-accent underline underline-offset-2">{common.back}</a>}
        </div>
      </header>
      <Tabs.List aria-label={frame.pages} className="mb-6 flex gap-1 overflow-x-auto border-b">
        {PAGES.map((value) => (
          <Tabs.Trigger key={value} value={value} className="-mb-px border-b-2 border-transparent px-3 py-2 whitespace-nowrap text-muted hover:text-ink focus-visible:-outline-offset-2 data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink">
            {frame[value]}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      <Tabs.Content value="overview" tabIndex={-1}><Overview customer={customer} onOpen={open} /></Tabs.Content>
      <Tabs.Content value="usage" tabIndex={-1}><UsageView customer={customer} /></Tabs.Content>
      <Tabs.Content value="activity" tabIndex={-1}><Card title={events.title} actions={<Export customer={customer} />} flush><EventsView customer={customer} /></Card><VerifyCard customer={customer} /></Tabs.Content>
      <Tabs.Content value="credits" tabIndex={-1}><Credits customer={customer} isAdmin={session.admin} /></Tabs.Content>
      <Tabs.Content value="limits" tabIndex={-1}><Limits customer={customer} isAdmin={session.admin} /></Tabs.Content>
      <Tabs.Content value="invoice" tabIndex={-1}><InvoiceView customer={customer} /><Breakdown customer={customer} /><InvoicesCard customer={customer} /><CreditNotes customer={customer} /></Tabs.Content>
      <Tabs.Content value="plans" tabIndex={-1}><Plans customer={customer} mayChange={session.plan_changes} /></Tabs.Content>
    </Tabs.Root>
  )
}

function Zone({ timeZone }: { readonly timeZone: string }) {
  const { zone, change } = useSettings()
  const { frame } = useWords()
  return (
    <button type="button" aria-pressed={zone === 'utc'} onClick={() => change({ zone: zone === 'utc' ? 'local' : 'utc' })} className="text-xs text-muted underline decoration-edge underline-offset-2 hover:text-ink">
      {frame.timesIn(zone === 'utc' ? 'UTC' : timeZone)}
    </button>
  )
}
