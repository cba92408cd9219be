// The portal of one customer: opened by a link or in a frame, with a token that its address holds after the #. Without a session it shows
// what everybody may see: the plans, and how credits are added.

import { Tabs } from 'radix-ui'
import { useState } from 'react'
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
import { Overview } from './overview.tsx'
import { Plans } from './plans.tsx'
import { PublicPlansPage, TopUpPage } from './public.tsx'
import { openSession, usePortalSession } from './session.ts'

openSession()

export function Portal() {
  const session = usePortalSession()
  useFrame(session.data ?? null)
  if (session.isPending) return <Frame><Loading rows={6} label="Opening the page" /></Frame>
  if (session.error !== null) return <Frame><Failure error={session.error} retry={() => void session.refetch()} /></Frame>
  if (session.data === null) return <SettingsProvider><Frame><WithoutSession /></Frame></SettingsProvider>
  return (
    <SettingsProvider initial={{ theme: session.data.theme }}>
      <LiveProvider>
        <Frame>
          <Pages session={session.data} />
        </Frame>
      </LiveProvider>
    </SettingsProvider>
  )
}

function WithoutSession() {
  if (location.pathname === '/plans') return <PublicPlansPage />
  if (location.pathname === '/top-up') return <TopUpPage />
  return (
    <>
      <h1 className="sr-only">Usage and credits</h1>
      <Empty title="This link has ended">Open the page again from where you came: each link works for a limited time, so that nobody else can use it.</Empty>
    </>
  )
}

function Frame({ children }: { readonly children: React.ReactNode }) {
  return <main className="mx-auto max-w-5xl px-4 py-6 sm:px-8">{children}</main>
}

const PAGES = [['overview', 'Overview'], ['usage', 'Usage'], ['activity', 'Activity'], ['credits', 'Credits'], ['limits', 'Limits'], ['invoice', 'Invoice'], ['plans', 'Plans']] as const
export type PageName = (typeof PAGES)[number][0]

/** The page stands in the address, so that a link and the back button work. */
function pageOfAddress(): PageName {
  if (location.pathname === '/plans') return 'plans'
  if (location.pathname === '/top-up') return 'credits'
  const name = location.pathname.split('/')[2]
  return PAGES.find(([page]) => page === name)?.[0] ?? 'overview'
}

function Pages({ session }: { readonly session: PortalSession }) {
  const [page, setPage] = useState(pageOfAddress)
  const { customer } = session
  const open = (next: string) => {
    setPage(next as PageName)
    history.replaceState(null, '', `/portal/${next}${location.search}`)
    tellPage(session, next)
  }
  return (
    <Tabs.Root value={page} onValueChange={open}>
      <header className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <h1 className="text-xl font-semibold tracking-tight">Usage and credits</h1>
        <div className="flex items-center gap-4">
          <LiveBadge />
          <Zone />
          {session.return_url !== null && <a href={session.return_url} className="text-sm font-medium text-accent underline underline-offset-2">Back</a>}
        </div>
      </header>
      <Tabs.List aria-label="Pages" className="mb-6 flex gap-1 overflow-x-auto border-b">
        {PAGES.map(([value, label]) => (
          <Tabs.Trigger key={value} value={value} className="-mb-px border-b-2 border-transparent px-3 py-2 whitespace-nowrap text-muted hover:text-ink focus-visible:-outline-offset-2 data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink">
            {label}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      <Tabs.Content value="overview" tabIndex={-1}><Overview customer={customer} onOpen={open} /></Tabs.Content>
      <Tabs.Content value="usage" tabIndex={-1}><UsageView customer={customer} /></Tabs.Content>
      <Tabs.Content value="activity" tabIndex={-1}><Card title="Every billable event, with its charge" actions={<Export customer={customer} />} flush><EventsView customer={customer} /></Card><VerifyCard customer={customer} /></Tabs.Content>
      <Tabs.Content value="credits" tabIndex={-1}><Credits customer={customer} isAdmin={session.admin} /></Tabs.Content>
      <Tabs.Content value="limits" tabIndex={-1}><Limits customer={customer} isAdmin={session.admin} /></Tabs.Content>
      <Tabs.Content value="invoice" tabIndex={-1}><InvoiceView customer={customer} /><Breakdown customer={customer} /><InvoicesCard customer={customer} /><CreditNotes customer={customer} /></Tabs.Content>
      <Tabs.Content value="plans" tabIndex={-1}><Plans customer={customer} mayChange={session.plan_changes} /></Tabs.Content>
    </Tabs.Root>
  )
}

function Zone() {
  const { zone, change } = useSettings()
  return (
    <button type="button" aria-pressed={zone === 'utc'} onClick={() => change({ zone: zone === 'utc' ? 'local' : 'utc' })} className="text-xs text-muted underline decoration-edge underline-offset-2 hover:text-ink">
      {zone === 'utc' ? 'Times in UTC' : 'Local times'}
    </button>
  )
}
