// A customer by its name, which leads to its page. Lists of the API tell ids; a name is asked for once and kept.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ask } from '../api/queries.ts'
import type { Tab } from './customer/tabs.ts'

const NAME_KEPT_MS = 300_000

export function CustomerName({ id, tab }: { readonly id: string | null; readonly tab?: Tab }) {
  const query = useQuery({ ...ask('getCustomer', { params: { customer: id ?? '' } }), enabled: id !== null, staleTime: NAME_KEPT_MS, refetchOnWindowFocus: false })
  if (id === null) return <span className="text-muted">–</span>
  return (
    <Link to="/customers/$customer" params={{ customer: id }} search={tab === undefined ? {} : { tab }} title={id} className="whitespace-nowrap hover:underline">
      {query.data?.name ?? id}
    </Link>
  )
}
