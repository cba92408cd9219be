// What everybody may see: where a refusal's links lead when nobody is signed in.

import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { ask } from '../api/queries.ts'
import { Command, Empty, Loaded, PageHead } from '../parts/surface.tsx'
import { PricingTable } from '../widgets/pricing-table.tsx'

export function PublicPlansPage() {
  const plans = useQuery(ask('listPlans', {}))
  useEffect(() => {
    document.title = 'Plans'
  }, [])
  return (
    <>
      <PageHead title="Plans" lead="What each costs and includes. To change plan, ask whoever runs this gateway: it is in force at once." />
      <Loaded query={plans}>{(found) => (found.plans.length === 0 ? <Empty title="There are no public plans" command="npm run tollgate -- catalog apply examples/catalogs/demo.yaml" /> : <PricingTable plans={found} />)}</Loaded>
    </>
  )
}

export function TopUpPage() {
  useEffect(() => {
    document.title = 'Add credits'
  }, [])
  return (
    <>
      <PageHead title="Add credits" lead="A request was refused because the credit balance is too low for what it may cost. Credits are added by whoever runs this gateway, and count from the moment their call answers:" />
      <Command text={'curl $URL/v1/customers/$CUSTOMER/credits -H "Authorization: Bearer $ADMIN_KEY" \\\n  -H "Content-Type: application/json" -d \'{"amount":"10.00"}\''} />
      <p className="mt-3 text-muted">The operator can send you to a page of their own instead: see TOLLGATE_PUBLIC_URL.</p>
    </>
  )
}
