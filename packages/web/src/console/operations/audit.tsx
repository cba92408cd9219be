// The audit log of everything, filtered, and the same saved as a file.

import { useState } from 'react'
import { buttonLook, Field, Filter } from '../../parts/controls.tsx'
import { Card, PageHead } from '../../parts/surface.tsx'
import { AuditView, type AuditFilter } from '../../views/audit.tsx'
import { CustomerName } from '../customer-name.tsx'

export function AuditPage() {
  const [filter, setFilter] = useState<AuditFilter>({})
  const set = (name: keyof AuditFilter) => (value: string) => setFilter((now) => Object.fromEntries(Object.entries({ ...now, [name]: value }).filter(([, text]) => text !== '')))
  const day = (name: 'from' | 'to') => ({ value: filter[name]?.slice(0, 10) ?? '', onChange: ({ target }: { readonly target: { readonly value: string } }) => set(name)(target.value === '' ? '' : `${target.value}T00:00:00Z`) })
  const file = (format: string) => `/v1/audit/export?${new URLSearchParams({ ...filter, format }).toString()}`
  return (
    <>
      <PageHead title="Audit log" lead="Who changed what, and why: written in the transaction of the change and never changed itself.">
        <a href={file('csv')} download className={buttonLook()}>Save as CSV</a>
        <a href={file('ndjson')} download className={buttonLook()}>as JSON lines</a>
      </PageHead>
      <div className="mb-2 flex flex-wrap items-end gap-2">
        <div className="mb-5 flex flex-wrap gap-2">
          <Filter label="Action" value={filter.action ?? ''} onChange={set('action')} />
          <Filter label="By key" value={filter.actor ?? ''} onChange={set('actor')} />
          <Filter label="Customer id" value={filter.customer ?? ''} onChange={set('customer')} />
          <Filter label="Target" value={filter.target ?? ''} onChange={set('target')} />
        </div>
        <Field label="From" type="date" {...day('from')} />
        <Field label="Before" type="date" {...day('to')} />
      </div>
      <Card flush>
        <AuditView customer={null} filter={filter} nameOf={(id) => <CustomerName id={id} tab="audit" />} />
      </Card>
    </>
  )
}
