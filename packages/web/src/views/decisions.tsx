// Decisions as a table: requests that ran with their charge, and requests that were refused with the reason. Each leads to its why.

import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Decision } from '../api/operations.ts'
import { words } from '../parts/format.ts'
import { Badge } from '../parts/surface.tsx'
import { Table } from '../parts/table.tsx'
import { Money, Time } from '../parts/values.tsx'

type DecisionsProps = { readonly rows: readonly Decision[]; /** Rows after this moment are marked. */ readonly newSince?: number | null; /** How a customer is shown; its id unless stated. */ readonly nameOf?: (customer: string) => ReactNode; /** It is the list of its page. */ readonly isLong?: boolean }

export function DecisionTable({ rows, newSince = null, nameOf, isLong = false }: DecisionsProps) {
  return (
    <Table
      isLong={isLong}
      label="Decisions, newest first"
      rows={rows}
      rowKey={({ id, customer, time }) => `${customer} ${id} ${time}`}
      isNew={({ time }) => newSince !== null && Date.parse(time) > newSince}
      columns={[
        { head: 'Time', className: 'whitespace-nowrap', cell: ({ time }) => <Time at={time} withSeconds /> },
        { head: 'Customer', className: 'max-w-48 truncate', cell: ({ customer }) => nameOf?.(customer) ?? <Link to="/customers/$customer" params={{ customer }} className="hover:underline">{customer}</Link> },
        { head: 'Request', className: 'max-w-48 truncate', cell: ({ model, feature, type }) => <>{model ?? type ?? '–'} <span className="text-faint">{feature}</span></> },
        { head: 'Decision', cell: (row) => <Outcome row={row} /> },
        { head: 'Took', isNumber: true, cell: ({ latency_ms: ms }) => <span className="text-muted">{ms === null ? '' : `${Math.round(ms)} ms`}</span> },
        { head: 'Charge', isNumber: true, cell: ({ charge, currency }) => (charge === null || currency === null ? <span className="text-faint">–</span> : <Money amount={charge} currency={currency} />) },
        { head: <span className="sr-only">Why</span>, isNumber: true, cell: ({ customer, id, time }) => <Link to="/customers/$customer/decisions/$decision" params={{ customer, decision: id }} search={{ at: time }} className="font-medium text-accent" aria-label={`Why: ${id}`}>Why</Link> },
      ]}
    />
  )
}

export function Outcome({ row }: { readonly row: Pick<Decision, 'outcome' | 'reason' | 'scope' | 'estimated'> }) {
  if (row.outcome === 'denied') return <Badge tone="bad" title={row.scope ?? ''}>{words(row.reason ?? 'refused')}</Badge>
  return row.estimated ? <Badge tone="warn" title="Ran; its usage was counted by us.">allowed, estimated</Badge> : <Badge tone="good">allowed</Badge>
}
