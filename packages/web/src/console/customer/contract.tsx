// What one customer agreed beyond its plan: the contract in force in words, its versions, and writing another; the coupons and codes that it
// redeemed.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Customer } from '../../api/operations.ts'
import { ask, useWrite } from '../../api/queries.ts'
import { Button, Dialog, DialogForm } from '../../parts/controls.tsx'
import { Badge, Card, Empty, Loaded } from '../../parts/surface.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/values.tsx'
import { useMay } from '../session.tsx'
import type { ContractDocument } from './contract-document.ts'
import { ContractEditor } from './contract-editor.tsx'
import { ContractTerms } from './contract-terms.tsx'
import { Redeemed } from './redeemed.tsx'

export function ContractTab({ customer }: { readonly customer: Customer }) {
  const query = useQuery(ask('getContract', { params: { customer: customer.id } }))
  const [act, setAct] = useState<'write' | 'end' | null>(null)
  const isAdmin = useMay()
  const close = () => setAct(null)
  return (
    <div className="space-y-6">
      <Loaded query={query} rows={6}>
        {(contract) => {
          const document = contract.document as ContractDocument | null
          return (
            <>
              <Card title="Contract" note="What was agreed beyond the plan. It holds on every gateway; usage that was charged keeps its charge." actions={isAdmin && <>{document !== null && <Button look="danger" onClick={() => setAct('end')}>End it …</Button>}<Button look="primary" onClick={() => setAct('write')}>{document === null ? 'Write a contract' : 'Change it …'}</Button></>}>
                {document === null ? <Empty title="Nothing is agreed beyond the plan" command={`tollgate contract apply ${customer.id} contract.yaml`}>Discounts, prices, commitments and ramps are written here, or applied from a file:</Empty> : <ContractTerms document={document} currency={customer.currency ?? 'USD'} />}
              </Card>
              {contract.history.length > 0 && (
                <Card title="Its versions" flush>
                  <Table
                    label="Versions of the contract"
                    rows={contract.history}
                    rowKey={({ version }) => String(version)}
                    columns={[
                      { head: 'Version', isNumber: true, cell: ({ version }) => version },
                      { head: 'Name', cell: ({ name, version }) => <>{name ?? <span className="text-muted">ended it</span>} {version === contract.version && document !== null && <Badge tone="good">in force</Badge>}</> },
                      { head: 'Applied', cell: ({ applied_at: at }) => <Time at={at} className="text-muted" /> },
                      { head: 'By', cell: ({ applied_by: by }) => <code className="font-mono text-xs text-muted">{by}</code> },
                    ]}
                  />
                </Card>
              )}
              {act === 'write' && <ContractEditor customer={customer} version={contract.version} document={document} onClose={close} />}
              {act === 'end' && <End customer={customer} onClose={close} />}
            </>
          )
        }}
      </Loaded>
      <Redeemed customer={customer.id} />
    </div>
  )
}

function End({ customer, onClose }: { readonly customer: Customer; readonly onClose: () => void }) {
  const write = useWrite('endContract', onClose)
  return (
    <Dialog isOpen onClose={onClose} title={`End the contract of ${customer.name}?`} lead="Its terms end when this answers: from then on the plan alone holds. What was charged under them stays charged.">
      <DialogForm submit="End it" look="danger" onSubmit={() => write.mutate({ params: { customer: customer.id } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        {null}
      </DialogForm>
    </Dialog>
  )
}
