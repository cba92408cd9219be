// The budgets that bind the customer, its own cap among them.

import { useQuery } from '@tanstack/react-query'
import { useRefresh } from '../api/live.tsx'
import { ask } from '../api/queries.ts'
import { Card, Empty, Loaded } from '../parts/surface.tsx'
import { BudgetRow } from '../views/budgets.tsx'

export function Limits({ customer }: { readonly customer: string; readonly isAdmin: boolean }) {
  const budgets = useQuery(ask('listBudgets', { params: { customer } }))
  useRefresh([['listBudgets']])
  return (
    <Card title="Limits" note="The strictest that applies to a request decides about it." flush>
      <Loaded query={budgets}>{({ data }) => (data.length === 0 ? <Empty title="No limits are set" /> : <ul>{data.map((budget) => <BudgetRow key={budget.id} budget={budget} />)}</ul>)}</Loaded>
    </Card>
  )
}
