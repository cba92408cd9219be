// Compares a provider's subscriptions with those here: first a report that changes nothing, then, by another press, what was read is recorded.

import { useMutation } from '@tanstack/react-query'
import { useEffect } from 'react'
import { call } from '../../api/client.ts'
import type { ResyncReport } from '../../api/operations.ts'
import { useWrite } from '../../api/queries.ts'
import { Button, Dialog } from '../../parts/controls.tsx'
import { words } from '../../parts/format.ts'
import { Badge, Empty, Failure, Loading } from '../../parts/surface.tsx'
import { Table } from '../../parts/table.tsx'
import type { Provider } from './providers.tsx'

const KINDS: Readonly<Record<ResyncReport['drifts'][number]['kind'], string>> = { differs: 'differs', unknown_here: 'not known here', unmapped: 'cannot be mapped' }

export function Resync({ provider, onClose }: { readonly provider: Provider; readonly onClose: () => void }) {
  const report = useMutation({ mutationFn: () => call('resyncProvider', { params: { provider }, body: { apply: false } }) })
  const heal = useWrite('resyncProvider')
  const { mutate: compare } = report
  useEffect(() => compare(), [compare])
  const found = heal.data ?? report.data
  const error = heal.error ?? report.error
  return (
    <Dialog isOpen isWide onClose={onClose} title={`Compare with ${words(provider)}`} lead="Reads all of its subscriptions. Nothing is changed until you say so; it runs by itself every night, as a report.">
      {error !== null ? <Failure error={error} retry={() => compare()} /> : found === undefined ? <Loading rows={4} label={`Reading the subscriptions of ${words(provider)}`} /> : <Report report={found} />}
      <div className="mt-5 flex items-center justify-end gap-2">
        {heal.data !== undefined && <p role="status" className="mr-auto text-muted">{heal.data.applied} {heal.data.applied === 1 ? 'was' : 'were'} brought in line.</p>}
        <Button onClick={onClose}>Close</Button>
        {report.data !== undefined && heal.data === undefined && report.data.drift_count > 0 && (
          <Button look="primary" disabled={heal.isPending} onClick={() => heal.mutate({ params: { provider }, body: { apply: true } })}>
            {heal.isPending ? 'Working …' : `Bring ${report.data.drift_count} in line`}
          </Button>
        )}
      </div>
    </Dialog>
  )
}

function Report({ report: { read, drifts, drift_count: count } }: { readonly report: ResyncReport }) {
  if (count === 0) return <Empty title="Everything agrees">{read} {read === 1 ? 'subscription was' : 'subscriptions were'} read.</Empty>
  return (
    <>
      <p className="mb-2">{count} of {read} differ{count > drifts.length && `; the first ${drifts.length} are listed`}.</p>
      <div className="-mx-6 max-h-96 overflow-auto border-y">
        <Table
          label="What differs"
          rows={drifts}
          rowKey={({ subscription, kind }) => `${subscription} ${kind}`}
          columns={[
            { head: 'Subscription', cell: ({ subscription }) => <code className="font-mono text-xs">{subscription}</code> },
            { head: 'Customer', cell: ({ customer }) => customer ?? '–' },
            { head: 'What', cell: ({ kind }) => <Badge tone={kind === 'differs' ? 'warn' : 'bad'}>{KINDS[kind]}</Badge> },
            { head: 'How', className: 'min-w-64', cell: ({ detail }) => detail },
          ]}
        />
      </div>
    </>
  )
}
