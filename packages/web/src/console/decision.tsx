// The page of one decision.

import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { ask } from '../api/queries.ts'
import { Loaded, PageHead } from '../parts/surface.tsx'
import { DecisionView } from '../views/decision.tsx'
import { PromptCard } from './prompt.tsx'

/** Of other events there is no record of a request. */
const METERED_BY_US = 'tollgate:gateway'

export function DecisionPage() {
  const params = useParams({ from: '/customers/$customer/decisions/$decision' })
  const { at } = useSearch({ from: '/customers/$customer/decisions/$decision' })
  const decision = useQuery(ask('getDecision', { params, query: at === undefined ? {} : { at } }))
  const customer = useQuery(ask('getCustomer', { params: { customer: params.customer } }))
  return (
    <>
      <p className="mb-2 text-xs">
        <Link to="/live" className="text-muted hover:text-ink">← Live</Link>
      </p>
      <PageHead title="Why" lead={<>A request of <Link to="/customers/$customer" params={{ customer: params.customer }} className="font-medium text-ink underline decoration-edge underline-offset-2">{customer.data?.name ?? params.customer}</Link></>} />
      <Loaded query={decision} rows={8}>{(found) => (
        <div className="space-y-6">
          <DecisionView decision={found} isOperator />
          {found.event?.source === METERED_BY_US && <PromptCard key={found.id} customer={found.customer} request={found.id} />}
        </div>
      )}</Loaded>
    </>
  )
}
