// One widget alone in a frame, for pages that run no script of ours: /widgets/frame/<name>. The pricing table is for everybody; the others need a
// session, as the portal does, and show nothing while there is nothing to say.

import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useRefresh } from '../api/live.tsx'
import type { PortalSession } from '../api/operations.ts'
import { ask } from '../api/queries.ts'
import { Loaded } from '../parts/surface.tsx'
import { GraceBanner, UsageNudge } from '../widgets/notices.tsx'
import { PricingTable } from '../widgets/pricing-table.tsx'
import { useLocale } from '../words/words.tsx'

const NAMES = ['pricing-table', 'usage-nudge', 'grace-banner'] as const
type Name = (typeof NAMES)[number]

export function widgetOfAddress(): Name | null {
  const name = /^\/widgets\/frame\/([a-z-]+)$/.exec(location.pathname)?.[1]
  return NAMES.find((one) => one === name) ?? null
}

export function FramedWidget({ session }: { readonly session: PortalSession | null }) {
  const name = widgetOfAddress()
  useEffect(() => {
    if (session !== null || parent === window) return
    // What everybody may see tells everybody its height, and nothing else.
    const observer = new ResizeObserver(() => parent.postMessage({ type: 'tollgate:resize', height: document.documentElement.scrollHeight }, '*'))
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [session])
  if (name === 'pricing-table') return <Pricing customer={session?.customer ?? null} />
  return session === null ? null : <Notices customer={session.customer} name={name} />
}

function Pricing({ customer }: { readonly customer: string | null }) {
  const locale = useLocale()
  const plans = useQuery(ask('listPlans', { query: { locale } }))
  const entitlements = useQuery({ ...ask('listEntitlements', { params: { customer: customer ?? '' } }), enabled: customer !== null })
  return <Loaded query={plans} rows={6}>{(found) => <PricingTable plans={found} current={entitlements.data?.plan ?? null} />}</Loaded>
}

function Notices({ customer, name }: { readonly customer: string; readonly name: Name | null }) {
  const { data } = useQuery(ask('listEntitlements', { params: { customer } }))
  useRefresh([['listEntitlements']])
  if (data === undefined) return null
  return name === 'grace-banner' ? <GraceBanner standing={data.standing} notice={data.notice} /> : <UsageNudge budgets={data.budgets} />
}
