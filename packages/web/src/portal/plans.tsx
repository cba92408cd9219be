// Every public plan beside the one that the customer is on.

import { useQuery } from '@tanstack/react-query'
import { ask } from '../api/queries.ts'
import { Loaded } from '../parts/surface.tsx'
import { PricingTable } from '../widgets/pricing-table.tsx'

export function Plans({ customer }: { readonly customer: string }) {
  const plans = useQuery(ask('listPlans', {}))
  const standing = useQuery(ask('listEntitlements', { params: { customer } }))
  return <Loaded query={plans}>{(found) => <PricingTable plans={found} current={standing.data?.plan ?? null} />}</Loaded>
}
