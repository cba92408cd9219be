// One customer on one page: who it is and how it stands, what may be done about it, and behind tabs all that is known of it.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Tabs } from 'radix-ui'
import { useFreshPages, useRefresh } from '../../api/live.tsx'
import { ask, askPages } from '../../api/queries.ts'
import { Id } from '../../parts/copy.tsx'
import { Newer } from '../../parts/newer.tsx'
import { Badge, Card, Empty, Loaded, PageHead, standingTone } from '../../parts/surface.tsx'
import { AuditView } from '../../views/audit.tsx'
import { DecisionTable } from '../../views/decisions.tsx'
import { More } from '../../parts/table.tsx'
import { EventsView } from '../../views/events.tsx'
import { Breakdown } from '../../views/breakdown.tsx'
import { CreditNotes } from '../../views/credit-notes.tsx'
import { Freezes } from '../../views/freezes.tsx'
import { InvoiceView } from '../../views/invoice.tsx'
import { InvoicesCard } from '../../views/invoices.tsx'
import { LedgerView } from '../../views/ledger.tsx'
import { VerifyCard } from '../../views/verify.tsx'
import { UsageView } from '../../views/usage.tsx'
import { InvoiceActions } from '../money/invoice-actions.tsx'
import { useMay } from '../session.tsx'
import { Actions } from './actions.tsx'
import { Budgets } from './budgets.tsx'
import { ContractTab } from './contract.tsx'
import { Keys } from './keys.tsx'
import { Standing } from './standing.tsx'
import { SubscriptionTab } from './subscription.tsx'
import { TestClockNotice } from './test-clock.tsx'
import { TABS, type Tab } from './tabs.ts'

export function CustomerPage() {
  const params = useParams({ from: '/customers/$customer' })
  const { tab = 'overview' } = useSearch({ from: '/customers/$customer' })
  const navigate = useNavigate()
  const query = useQuery(ask('getCustomer', { params }))
  useRefresh([['getCustomer'], ['listEntitlements']], ({ type, customer }) => type.startsWith('subscription.') && customer === params.customer)
  const id = params.customer
  const maySupport = useMay('support')
  return (
    <>
      <p className="mb-2 text-xs">
        <Link to="/customers" className="text-muted hover:text-ink">
          ← Customers
        </Link>
      </p>
      <Loaded query={query}>
        {(customer) => (
          <>
            <PageHead title={customer.name} lead={<span className="flex flex-wrap items-center gap-x-3 gap-y-1"><Badge tone={standingTone(customer.standing)}>{customer.standing}</Badge> <span>Plan {customer.plan}</span> <Id id={customer.id} />{customer.external_id !== null && <span className="truncate text-xs">{customer.external_id}</span>}</span>}>
              <Actions customer={customer} />
            </PageHead>
            {customer.test_clock !== null && <TestClockNotice clock={customer.test_clock} />}
            <Freezes customer={id} mayLift={() => maySupport} />
            <Tabs.Root value={tab} onValueChange={(next) => void navigate({ to: '/customers/$customer', params, search: { tab: next as Tab }, replace: true })}>
              <Tabs.List aria-label="About the customer" className="mb-6 flex gap-1 overflow-x-auto border-b">
                {TABS.map(([value, label]) => (
                  <Tabs.Trigger key={value} value={value} className="-mb-px border-b-2 border-transparent px-3 py-2 whitespace-nowrap text-muted hover:text-ink focus-visible:-outline-offset-2 data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink">
                    {label}
                  </Tabs.Trigger>
                ))}
              </Tabs.List>
              <Tabs.Content value="overview" tabIndex={-1}><Standing customer={customer} /></Tabs.Content>
              <Tabs.Content value="subscription" tabIndex={-1}><SubscriptionTab customer={customer} /></Tabs.Content>
              <Tabs.Content value="contract" tabIndex={-1}><ContractTab customer={customer} /></Tabs.Content>
              <Tabs.Content value="usage" tabIndex={-1}><UsageView customer={id} /></Tabs.Content>
              <Tabs.Content value="events" tabIndex={-1}><Card flush><EventsView customer={id} isOperator /></Card></Tabs.Content>
              <Tabs.Content value="budgets" tabIndex={-1}><Budgets customer={id} /></Tabs.Content>
              <Tabs.Content value="invoice" tabIndex={-1}><InvoiceView customer={id} isOperator /><Breakdown customer={id} /><InvoicesCard customer={id} actions={(invoice) => <InvoiceActions invoice={invoice} />} /><CreditNotes customer={id} /></Tabs.Content>
              <Tabs.Content value="ledger" tabIndex={-1}><LedgerView customer={id} isOperator /><VerifyCard customer={id} /></Tabs.Content>
              <Tabs.Content value="keys" tabIndex={-1}><Keys customer={id} /></Tabs.Content>
              <Tabs.Content value="decisions" tabIndex={-1}><Decisions customer={id} /></Tabs.Content>
              <Tabs.Content value="audit" tabIndex={-1}><Card flush><AuditView customer={id} /></Card></Tabs.Content>
            </Tabs.Root>
          </>
        )}
      </Loaded>
    </>
  )
}

function Decisions({ customer }: { readonly customer: string }) {
  const query = useInfiniteQuery(askPages('listDecisions', { query: { limit: 100, customer } }))
  const fresh = useFreshPages(['listDecisions', 'pages'], query.data?.pages.length ?? 0, (message) => message.customer === customer)
  return (
    <>
    <Newer fresh={fresh} />
    <Card flush>
      <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }}>{(rows) => (rows.length === 0 ? <Empty title="Nothing was decided for this customer yet" /> : <DecisionTable isLong rows={rows} />)}</Loaded>
      <More query={query} isAuto />
    </Card>
    </>
  )
}
