// The plans in force side by side, and the rate card behind them.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ask } from '../../api/queries.ts'
import { buttonLook } from '../../parts/controls.tsx'
import { Badge, Card, Empty, Loaded, PageHead } from '../../parts/surface.tsx'
import { Table } from '../../parts/table.tsx'
import { Quantity, Time } from '../../parts/values.tsx'
import { PricingTable } from '../../widgets/pricing-table.tsx'

type Rate = { readonly provider: string; readonly model: string; readonly from: string; readonly currency: string; readonly per_million: Readonly<Record<string, string>>; readonly context_window: number; readonly variants?: readonly unknown[] }

export function PlansPage() {
  const plans = useQuery(ask('listPlans', {}))
  const catalog = useQuery(ask('getCatalog', {}))
  const overview = useQuery(ask('getOverview', {}))
  const rates = (catalog.data?.document?.['rate_card'] ?? []) as readonly Rate[]
  const buckets = [...new Set(rates.flatMap(({ per_million: prices }) => Object.keys(prices)))].slice(0, 5)
  return (
    <>
      <PageHead title="Plans" lead={catalog.data === undefined ? undefined : catalog.data.version === 0 ? 'No catalog is in force.' : <>Version {catalog.data.version}, in force since {catalog.data.applied_at !== null && <Time at={catalog.data.applied_at} />}</>}>
        <Link to="/catalog/edit" className={buttonLook('primary')}>Edit the catalog</Link>
      </PageHead>
      <Loaded query={plans} rows={6}>
        {(found) =>
          found.plans.length === 0 ? <Empty title="There are no public plans" command="npm run tollgate -- catalog apply examples/catalogs/demo.yaml" /> : <PricingTable plans={found} action={({ id }) => <p className="text-xs text-muted"><Quantity value={String(overview.data?.customers.by_plan[id] ?? 0)} /> customers</p>} />
        }
      </Loaded>
      <Card className="mt-6" title="Rate card" note="What providers charge, per million tokens. The newest rate that is not later than a request holds." flush>
        {rates.length === 0 ? (
          <Empty title="The catalog states no rates" />
        ) : (
          <Table
            label="Rate card"
            rows={rates}
            rowKey={({ provider, model, from }) => `${provider} ${model} ${from}`}
            columns={[
              { head: 'Model', cell: ({ model, provider }) => <><span className="font-medium">{model}</span> <Badge>{provider}</Badge></> },
              { head: 'From', cell: ({ from }) => <span className="text-muted">{from}</span> },
              ...buckets.map((bucket) => ({ head: bucket.replaceAll('_', ' '), isNumber: true, cell: (rate: Rate) => (rate.per_million[bucket] === undefined ? '–' : `${rate.per_million[bucket]} ${rate.currency}`) })),
              { head: 'Context', isNumber: true, cell: ({ context_window: window }) => <Quantity value={String(window)} className="text-muted" /> },
            ]}
          />
        )}
      </Card>
    </>
  )
}
