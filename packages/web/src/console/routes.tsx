// The pages of the console and their addresses. Each page is loaded when it is first opened.

import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link } from '@tanstack/react-router'
import { Empty, Failure } from '../parts/surface.tsx'
import type { Tab } from './customer/page.tsx'
import { Shell } from './shell.tsx'

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: ({ error }) => <Failure error={error} /> })

const overview = createRoute({ getParentRoute: () => root, path: '/', component: lazyRouteComponent(() => import('./overview.tsx'), 'Overview') })
const live = createRoute({ getParentRoute: () => root, path: '/live', component: lazyRouteComponent(() => import('./live.tsx'), 'LivePage') })
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

const routeTree = root.addChildren([overview, live, customers, customer])

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
