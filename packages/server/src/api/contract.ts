// The contract of the HTTP API: one table of routes. Registration, validation, authorization, the OpenAPI document and the
// docs page are derived from it; a route that is not here does not exist.

import { accessRoutes } from './contract/access.ts'
import { bookRoutes, exportRoutes, marginRoutes } from './contract/books.ts'
import { budgetRoutes } from './contract/budgets.ts'
import { catalogRoutes } from './contract/catalog.ts'
import { customerRoutes } from './contract/customers.ts'
import { codeRoutes } from './contract/codes.ts'
import { contractRoutes } from './contract/contracts.ts'
import { decisionRoutes } from './contract/decisions.ts'
import { entitlementRoutes } from './contract/entitlements.ts'
import { freezeRoutes } from './contract/freezes.ts'
import { mailLinkRoutes, mailRoutes } from './contract/mail.ts'
import { insightRoutes } from './contract/insight.ts'
import { invoiceRoutes, printedRoutes } from './contract/invoices.ts'
import { exchangeRoutes } from './contract/exchange.ts'
import { grantRoutes } from './contract/grants.ts'
import { subscriptionRoutes } from './contract/subscriptions.ts'
import { testClockRoutes } from './contract/test-clocks.ts'
import { auditRoutes } from './contract/audit.ts'
import { providerRoutes } from './contract/providers.ts'
import { moneyRoutes } from './contract/money.ts'
import type { Route } from './contract/route.ts'
import { requestRoutes } from './contract/requests.ts'
import { sessionRoutes, signInRoute, signOutRoute } from './contract/sessions.ts'
import { rateRoutes } from './contract/rates.ts'
import { handoverRoutes } from './contract/handover.ts'
import { handoverUsageRoutes } from './contract/handover-usage.ts'
import { reratingRoutes } from './contract/reratings.ts'
import { simulationRoutes } from './contract/simulations.ts'
import { streamRoute, systemRoutes } from './contract/system.ts'
import { ingestRoute, usageRoutes } from './contract/usage.ts'
import { watchRoutes } from './contract/watch.ts'
import { walletRoutes } from './contract/wallets.ts'
import { webhookRoutes } from './contract/webhooks.ts'

/** Routes of one handler each, JSON in and out. */
export const HANDLED = {
  ...customerRoutes,
  ...subscriptionRoutes,
  ...testClockRoutes,
  ...grantRoutes,
  ...providerRoutes,
  ...auditRoutes,
  ...moneyRoutes,
  ...walletRoutes,
  ...codeRoutes,
  ...invoiceRoutes,
  ...bookRoutes,
  ...marginRoutes,
  ...entitlementRoutes,
  ...budgetRoutes,
  ...freezeRoutes,
  ...usageRoutes,
  ...requestRoutes,
  ...catalogRoutes,
  ...rateRoutes,
  ...contractRoutes,
  ...exchangeRoutes,
  ...simulationRoutes,
  ...reratingRoutes,
  ...handoverRoutes,
  ...handoverUsageRoutes,
  ...accessRoutes,
  ...webhookRoutes,
  ...sessionRoutes,
  ...insightRoutes,
  ...watchRoutes,
  ...mailRoutes,
} as const
/** Routes that are passed on to the gateway. */
export const FORWARDED = decisionRoutes
/** Routes that answer pages and documents. */
export const PRINTED = printedRoutes
/** Routes that answer files. */
export const EXPORTS = exportRoutes
/** Public routes. */
export const SYSTEM = systemRoutes

export type HandledOperation = keyof typeof HANDLED
export type Operation =
  | HandledOperation
  | keyof typeof FORWARDED
  | keyof typeof PRINTED
  | keyof typeof EXPORTS
  | keyof typeof SYSTEM
  | 'ingestEvents'
  | 'followStream'
  | 'signIn'
  | 'signOut'
  | keyof typeof mailLinkRoutes

/** Every route by its operation id, in the order of the docs. */
export const ROUTES: Readonly<Record<Operation, Route>> = {
  ...FORWARDED,
  ingestEvents: ingestRoute,
  ...HANDLED,
  ...PRINTED,
  ...EXPORTS,
  signIn: signInRoute,
  signOut: signOutRoute,
  ...mailLinkRoutes,
  followStream: streamRoute,
  ...SYSTEM,
}

export { ingestRoute, streamRoute }
export type { Route } from './contract/route.ts'
