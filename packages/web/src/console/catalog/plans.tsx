// The plans in force side by side.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ask } from '../../api/queries.ts'
import { buttonLook } from '../../parts/controls.tsx'
import { Empty, Loaded, PageHead } from '../../parts/surface.tsx'
import { Quantity, Time } from '../../parts/values.tsx'
import { PricingTable } from '../../widgets/pricing-table.tsx'

export function PlansPage() {
  const plans = useQuery(ask('listPlans', {}))
  const catalog = useQuery(ask('getCatalog', {}))
  const overview = useQuery(ask('getOverview', {}))
  return (
    <>
      <PageHead title="Plans" lead={catalog.data === undefined ? undefined : catalog.data.version === 0 ? 'No catalog is in force.' : <>Version {catalog.data.version}, in force since {catalog.data.applied_at !== null && <Time at={catalog.data.applied_at} />}</>}>
        <Link to="/catalog/edit" className={buttonLook('primary')}>Edit the catalog</Link>
      </PageHead>
      <Loaded query={plans} rows={6}>
        {(found) =>
          found.plans.length === 0 ? <Empty title="There are no public plans" command="npm run tollgate -- catalog apply examples/catalogs/demo.yaml" /> : <PricingTable plans={found} action={({ id }) => <p className="text-xs text-muted"><Quantity value={String(overview.data?.customers.by_plan[id] ?? 0)} /> {overview.data?.customers.by_plan[id] === 1 ? 'customer' : 'customers'}</p>} />
        }
      </Loaded>
    </>
  )
}
