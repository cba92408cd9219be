// The handler of every route with one, by its operation: the compiler sees to it that none is missing.

import type { Handlers } from './handler.ts'
import { accessHandlers } from './routes/access.ts'
import { bookHandlers } from './routes/books.ts'
import { marginHandlers } from './routes/margin.ts'
import { budgetHandlers } from './routes/budgets.ts'
import { catalogHandlers } from './routes/catalog.ts'
import { codeHandlers } from './routes/codes.ts'
import { customerHandlers } from './routes/customers.ts'
import { entitlementHandlers } from './routes/entitlements.ts'
import { freezeHandlers } from './routes/freezes.ts'
import { insightHandlers } from './routes/insight.ts'
import { invoiceHandlers } from './routes/invoices.ts'
import { contractHandlers } from './routes/contracts.ts'
import { exchangeHandlers } from './routes/exchange.ts'
import { mailHandlers } from './routes/mail.ts'
import { moneyHandlers } from './routes/money.ts'
import { rateHandlers } from './routes/rates.ts'
import { requestHandlers } from './routes/requests.ts'
import { grantHandlers, subscriptionHandlers, testClockHandlers } from './routes/subscriptions.ts'
import { auditHandlers } from './routes/audit.ts'
import { providerHandlers } from './routes/providers.ts'
import { sessionHandlers } from './routes/sessions.ts'
import { handoverHandlers } from './routes/handover.ts'
import { handoverUsageHandlers } from './routes/handover-usage.ts'
import { reratingHandlers } from './routes/reratings.ts'
import { simulationHandlers } from './routes/simulations.ts'
import { usageHandlers } from './routes/usage.ts'
import { watchHandlers } from './routes/watch.ts'
import { walletHandlers } from './routes/wallets.ts'
import { webhookHandlers } from './routes/webhooks.ts'

export const HANDLERS: Handlers = {
  ...customerHandlers,
  ...subscriptionHandlers,
  ...testClockHandlers,
  ...grantHandlers,
  ...providerHandlers,
  ...auditHandlers,
  ...moneyHandlers,
  ...walletHandlers,
  ...codeHandlers,
  ...invoiceHandlers,
  ...bookHandlers,
  ...marginHandlers,
  ...entitlementHandlers,
  ...budgetHandlers,
  ...freezeHandlers,
  ...usageHandlers,
  ...requestHandlers,
  ...catalogHandlers,
  ...rateHandlers,
  ...contractHandlers,
  ...exchangeHandlers,
  ...simulationHandlers,
  ...reratingHandlers,
  ...handoverHandlers,
  ...handoverUsageHandlers,
  ...accessHandlers,
  ...webhookHandlers,
  ...sessionHandlers,
  ...insightHandlers,
  ...watchHandlers,
  ...mailHandlers,
}
