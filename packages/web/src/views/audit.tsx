// The audit log: who changed what, from what to what.

import { useInfiniteQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { AuditEntry } from '../api/operations.ts'
import { askPages } from '../api/queries.ts'
import { words } from '../parts/format.ts'
import { Badge, Empty, Loaded } from '../parts/surface.tsx'
import { More, Table } from '../parts/table.tsx'
import { Time } from '../parts/values.tsx'

export type AuditFilter = Partial<Record<'customer' | 'actor' | 'action' | 'target' | 'from' | 'to', string>>
type AuditProps = {
  /** Null for all. */
  readonly customer: string | null
  readonly filter?: AuditFilter
  /** How the console shows a customer of a list of all. */
  readonly nameOf?: (customer: string | null) => ReactNode
}

export function AuditView({ customer, filter = {}, nameOf = (id) => id ?? '–' }: AuditProps) {
  const query = useInfiniteQuery(askPages('listAudit', { query: { limit: 100, ...filter, ...(customer === null ? {} : { customer }) } }))
  return (
    <>
      <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title={Object.keys(filter).length === 0 ? 'Nothing has been changed yet' : 'No change fits'} />
          ) : (
            <Table
              isLong
              label="Audit log"
              rows={rows}
              rowKey={({ id }) => id}
              columns={[
                { head: 'When', className: 'align-top whitespace-nowrap', cell: ({ at }) => <Time at={at} withSeconds /> },
                { head: 'What', className: 'align-top', cell: ({ action }) => <Badge>{words(action)}</Badge> },
                { head: 'By', className: 'align-top', cell: ({ actor }) => <code className="font-mono text-xs">{actor}</code> },
                ...(customer === null ? [{ head: 'Customer', className: 'align-top', cell: (row: AuditEntry) => <span className="text-muted">{nameOf(row.customer)}</span> }] : []),
                { head: 'To what, and why', className: 'align-top', cell: (row) => <Change entry={row} /> },
              ]}
            />
          )
        }
      </Loaded>
      <More query={query} isAuto />
    </>
  )
}

function Change({ entry }: { readonly entry: AuditEntry }) {
  const [isOpen, setOpen] = useState(false)
  const hasMore = entry.before !== null || entry.after !== null
  return (
    <div className="min-w-0">
      <code className="font-mono text-xs">{entry.target}</code>{' '}
      {hasMore && (
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)} className="text-xs font-medium text-accent">
          {isOpen ? 'less' : 'more'}
        </button>
      )}
      {entry.reason !== null && <p className="text-xs text-muted">{entry.reason}</p>}
      {isOpen && (
        <pre tabIndex={0} className="mt-1 max-h-60 max-w-xl overflow-auto rounded-lg bg-sunken p-2 font-mono text-xs">
          {entry.before !== null && `− ${JSON.stringify(entry.before, null, 1)}\n`}
          {entry.after !== null && `+ ${JSON.stringify(entry.after, null, 1)}`}
        </pre>
      )}
    </div>
  )
}
