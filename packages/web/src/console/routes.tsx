// The pages of the console and their addresses. Each page is loaded when it is first opened.

import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link } from '@tanstack/react-router'
import { Empty, Failure } from '../parts/surface.tsx'
import type { LiveSearch } from './live.tsx'
import type { Tab } from './customer/tabs.ts'
import { Shell } from './shell.tsx'

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: ({ error }) => <Failure error={error} /> })

const overview = createRoute({ getParentRoute: () => root, path: '/', component: lazyRouteComponent(() => import('./overview.tsx'), 'Overview') })
const live = createRoute({
  getParentRoute: () => root,
  path: '/live',
  validateSearch: (given: Record<string, unknown>): LiveSearch => Object.fromEntries(['outcome', 'reason', 'customer', 'model', 'feature'].flatMap((name) => (typeof given[name] === 'string' ? [[name, given[name]]] : []))),
  component: lazyRouteComponent(() => import('./live.tsx'), 'LivePage'),
})
type CustomersSearch = { readonly search?: string }
const customers = createRoute({
  getParentRoute: () => root,
  path: '/customers',
  validateSearch: (given: Record<string, unknown>): CustomersSearch => (typeof given['search'] === 'string' ? { search: given['search'] } : {}),
  component: lazyRouteComponent(() => import('./customers.tsx'), 'CustomersPage'),
})
type CustomerSearch = { readonly tab?: Tab }
const customer = createRoute({
  getParentRoute: () => root,
  path: '/customers/$customer',
  validateSearch: (given: Record<string, unknown>): CustomerSearch => (typeof given['tab'] === 'string' ? { tab: given['tab'] as Tab } : {}),
  component: lazyRouteComponent(() => import('./customer/page.tsx'), 'CustomerPage'),
})

type DecisionSearch = { readonly at?: string }
const decision = createRoute({
  getParentRoute: () => root,
  path: '/customers/$customer/decisions/$decision',
  validateSearch: (given: Record<string, unknown>): DecisionSearch => (typeof given['at'] === 'string' ? { at: given['at'] } : {}),
  component: lazyRouteComponent(() => import('./decision.tsx'), 'DecisionPage'),
})
const plans = createRoute({ getParentRoute: () => root, path: '/catalog/plans', component: lazyRouteComponent(() => import('./catalog/plans.tsx'), 'PlansPage') })
type EditSearch = { readonly simulation?: string }
const edit = createRoute({
  getParentRoute: () => root,
  path: '/catalog/edit',
  validateSearch: (given: Record<string, unknown>): EditSearch => (typeof given['simulation'] === 'string' ? { simulation: given['simulation'] } : {}),
  component: lazyRouteComponent(() => import('./catalog/edit.tsx'), 'EditPage'),
})
const rates = createRoute({ getParentRoute: () => root, path: '/catalog/rates', component: lazyRouteComponent(() => import('./catalog/rates.tsx'), 'RatesPage') })
const versions = createRoute({ getParentRoute: () => root, path: '/catalog/versions', component: lazyRouteComponent(() => import('./catalog/versions.tsx'), 'VersionsPage') })
const invoices = createRoute({ getParentRoute: () => root, path: '/money/invoices', component: lazyRouteComponent(() => import('./money/invoices.tsx'), 'InvoicesPage') })
const margin = createRoute({ getParentRoute: () => root, path: '/money/margin', component: lazyRouteComponent(() => import('./money/margin.tsx'), 'MarginPage') })
const books = createRoute({ getParentRoute: () => root, path: '/money/books', component: lazyRouteComponent(() => import('./money/books.tsx'), 'BooksPage') })
const coupons = createRoute({ getParentRoute: () => root, path: '/money/coupons', component: lazyRouteComponent(() => import('./money/coupons.tsx'), 'CouponsPage') })
const codes = createRoute({ getParentRoute: () => root, path: '/money/codes', component: lazyRouteComponent(() => import('./money/codes.tsx'), 'CodesPage') })
const exchange = createRoute({ getParentRoute: () => root, path: '/catalog/exchange', component: lazyRouteComponent(() => import('./catalog/exchange.tsx'), 'ExchangePage') })
const reratings = createRoute({ getParentRoute: () => root, path: '/catalog/reratings', component: lazyRouteComponent(() => import('./catalog/reratings.tsx'), 'ReratingsPage') })
const rerating = createRoute({ getParentRoute: () => root, path: '/catalog/reratings/$rerating', component: lazyRouteComponent(() => import('./catalog/rerating.tsx'), 'ReratingPage') })
const keys = createRoute({ getParentRoute: () => root, path: '/operations/keys', component: lazyRouteComponent(() => import('./operations/pages.tsx'), 'KeysPage') })
const audit = createRoute({ getParentRoute: () => root, path: '/operations/audit', component: lazyRouteComponent(() => import('./operations/audit.tsx'), 'AuditPage') })
const parked = createRoute({ getParentRoute: () => root, path: '/operations/parked', component: lazyRouteComponent(() => import('./operations/pages.tsx'), 'ParkedPage') })
const upstreams = createRoute({ getParentRoute: () => root, path: '/operations/upstreams', component: lazyRouteComponent(() => import('./operations/upstreams.tsx'), 'UpstreamsPage') })
const webhooks = createRoute({ getParentRoute: () => root, path: '/operations/webhooks', component: lazyRouteComponent(() => import('./operations/webhooks.tsx'), 'WebhooksPage') })
const alerts = createRoute({ getParentRoute: () => root, path: '/operations/alerts', component: lazyRouteComponent(() => import('./operations/alerts.tsx'), 'AlertsPage') })
const providers = createRoute({ getParentRoute: () => root, path: '/operations/providers', component: lazyRouteComponent(() => import('./operations/providers.tsx'), 'ProvidersPage') })
const jobs = createRoute({ getParentRoute: () => root, path: '/operations/jobs', component: lazyRouteComponent(() => import('./operations/jobs.tsx'), 'JobsPage') })
const system = createRoute({ getParentRoute: () => root, path: '/operations/system', component: lazyRouteComponent(() => import('./operations/system.tsx'), 'SystemPage') })

const routeTree = root.addChildren([overview, live, customers, customer, decision, plans, edit, rates, versions, invoices, margin, books, coupons, codes, exchange, reratings, rerating, keys, audit, parked, upstreams, webhooks, alerts, providers, jobs, system])

export function createConsoleRouter() {
  return createRouter({ routeTree, basepath: '/console', defaultPreload: 'intent', scrollRestoration: true })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>
  }
}

function NotFound() {
  return (
    <Empty title="There is nothing at this address">
      <Link to="/" className="font-medium text-accent underline underline-offset-2">
        Go to the overview
      </Link>
    </Empty>
  )
}
