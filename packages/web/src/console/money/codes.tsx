// Redemption codes: batches of them, each code shown once when it is made, who used them, and ending a batch.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { CodeBatch } from '../../api/operations.ts'
import { ask, askPages, useWrite } from '../../api/queries.ts'
import { Button, Dialog, DialogForm } from '../../parts/controls.tsx'
import { day, measure, quantity } from '../../parts/format.ts'
import { useSettings } from '../../parts/settings.tsx'
import { Badge, Card, Empty, Loaded, PageHead } from '../../parts/surface.tsx'
import { More, Table } from '../../parts/table.tsx'
import { Quantity, Time } from '../../parts/values.tsx'
import { CustomerName } from '../customer-name.tsx'
import { useMay } from '../session.tsx'
import { MakeCodes } from './make-codes.tsx'

export function CodesPage() {
  const query = useInfiniteQuery(askPages('listCodeBatches', { query: { limit: 50 } }))
  const [isMaking, setMaking] = useState(false)
  const [ending, setEnding] = useState<CodeBatch | null>(null)
  const [open, setOpen] = useState<CodeBatch | null>(null)
  const { zone } = useSettings()
  const may = useMay('finance')
  return (
    <>
      <PageHead title="Redemption codes" lead="A code gives credits, a plan or an add-on to whoever redeems it. Codes are kept as hashes: they are shown once, when they are made.">
        {may && <Button look="primary" onClick={() => setMaking(true)}>Make codes</Button>}
      </PageHead>
      <Card flush>
        <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty title="No codes yet" command={'tollgate codes create --name "Launch vouchers" --credits 10 --asset USD --count 100 > codes.txt'}>Make some here, or write many to a file:</Empty>
            ) : (
              <Table
                label="Batches of codes"
                rows={rows}
                rowKey={({ id }) => id}
                columns={[
                  { head: 'Batch', cell: ({ name, id }) => <><span className="font-medium">{name}</span><br /><code className="font-mono text-xs text-faint">{id}</code></> },
                  { head: 'Gives', cell: (batch) => givesText(batch) },
                  { head: 'Codes', isNumber: true, cell: ({ codes }) => <Quantity value={String(codes)} /> },
                  { head: 'Redeemed', isNumber: true, cell: ({ redemptions, codes, redemptions_max: max }) => <><Quantity value={String(redemptions)} />{max !== null && <span className="text-muted"> of {quantity(String(codes * max))}</span>}</> },
                  { head: 'Until', cell: ({ expires_at: at }) => <span className="whitespace-nowrap text-muted">{at === null ? 'for ever' : day(at, zone)}</span> },
                  { head: 'State', cell: (batch) => <BatchState batch={batch} /> },
                  { head: <span className="sr-only">Actions</span>, isNumber: true, cell: (row) => <span className="flex justify-end gap-2"><Button className="h-7 px-2 text-xs" aria-label={`Who used ${row.name}`} onClick={() => setOpen(row)}>Who used them</Button>{may && row.ended_at === null && <Button className="h-7 px-2 text-xs" look="danger" aria-label={`End ${row.name}`} onClick={() => setEnding(row)}>End</Button>}</span> },
                ]}
              />
            )
          }
        </Loaded>
        <More query={query} />
      </Card>
      {isMaking && <MakeCodes onClose={() => setMaking(false)} />}
      {ending !== null && <EndBatch batch={ending} onClose={() => setEnding(null)} />}
      {open !== null && <Redemptions batch={open} onClose={() => setOpen(null)} />}
    </>
  )
}

function givesText({ grants }: Pick<CodeBatch, 'grants'>): string {
  if (grants.kind === 'plan') return `plan ${grants.plan}`
  if (grants.kind === 'add_on') return `${quantity(String(grants.quantity))} × ${grants.add_on}`
  return `${measure(grants.amount, grants.asset)}, ${grants.category}${grants.days === null ? '' : `, for ${grants.days} days`}`
}

function BatchState({ batch: { starts_at: starts, expires_at: expires, ended_at: ended } }: { readonly batch: CodeBatch }) {
  if (ended !== null) return <Badge tone="bad">ended</Badge>
  if (expires !== null && Date.parse(expires) <= Date.now()) return <Badge tone="warn">expired</Badge>
  if (starts !== null && Date.parse(starts) > Date.now()) return <Badge>not yet</Badge>
  return <Badge tone="good">can be redeemed</Badge>
}

function EndBatch({ batch, onClose }: { readonly batch: CodeBatch; readonly onClose: () => void }) {
  const write = useWrite('endCodes', onClose)
  return (
    <Dialog isOpen onClose={onClose} title={`End ${batch.name}?`} lead="Nobody can redeem its codes any more. What they gave stays.">
      <DialogForm submit="End it" look="danger" onSubmit={() => write.mutate({ params: { batch: batch.id } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        {null}
      </DialogForm>
    </Dialog>
  )
}

function Redemptions({ batch, onClose }: { readonly batch: CodeBatch; readonly onClose: () => void }) {
  const query = useQuery(ask('listBatchRedemptions', { params: { batch: batch.id } }))
  return (
    <Dialog isOpen isWide onClose={onClose} title={`Who used ${batch.name}`} lead={`${quantity(String(batch.redemptions))} redemptions of ${quantity(String(batch.codes))} ${batch.codes === 1 ? 'code' : 'codes'}, newest first.`}>
      <div className="-mx-6 max-h-96 overflow-auto border-y">
        <Loaded query={query} rows={3}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="Nobody did yet" />
            ) : (
              <Table
                label="Redemptions"
                rows={data}
                rowKey={({ id }) => id}
                columns={[
                  { head: 'When', className: 'whitespace-nowrap', cell: ({ redeemed_at: at }) => <Time at={at} withSeconds /> },
                  { head: 'Customer', cell: ({ customer }) => <CustomerName id={customer} /> },
                  { head: 'Got', cell: ({ given }) => <span className="text-muted">{Object.entries(given).map(([name, value]) => `${name} ${String(value)}`).join(', ')}</span> },
                ]}
              />
            )
          }
        </Loaded>
      </div>
      <p className="mt-4 text-right"><Button onClick={onClose}>Close</Button></p>
    </Dialog>
  )
}
