// From observing to enforcing and back. Before the limits of a customer are enforced stands what they would have refused of late, and what would
// refuse at once.

import { useQuery } from '@tanstack/react-query'
import type { Customer } from '../../api/operations.ts'
import { ask, useWrite } from '../../api/queries.ts'
import { Dialog, DialogForm } from '../../parts/controls.tsx'
import { isNegative, isZero } from '../../parts/decimal.ts'
import { quantity, words } from '../../parts/format.ts'
import { Loaded } from '../../parts/surface.tsx'
import { Table } from '../../parts/table.tsx'
import { Ago, Measure } from '../../parts/values.tsx'

/** Before enforcement: what would be refused is recorded, and nothing is. */
export function Observe({ customer, onClose }: { readonly customer: Customer; readonly onClose: () => void }) {
  const write = useWrite('changeCustomer', onClose)
  const { observe, name } = customer
  return (
    <Dialog isOpen onClose={onClose} title={observe ? `Enforce the limits of ${name}?` : `Only observe ${name}?`} lead={observe ? 'From when this answers, requests that do not fit are refused on every gateway.' : 'Everything is decided, recorded and shown as before, and nothing is refused: what does not fit is spent all the same.'}>
      <DialogForm submit={observe ? 'Enforce' : 'Only observe'} look="danger" onSubmit={() => write.mutate({ params: { customer: customer.id }, body: { observe: !observe } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        {observe && <><WouldHaveBeen customer={customer.id} /><BudgetsOverLimit customer={customer.id} /></>}
      </DialogForm>
    </Dialog>
  )
}

/** What was let through that would have been refused. */
function WouldHaveBeen({ customer }: { readonly customer: string }) {
  const query = useQuery(ask('listObserved', { params: { customer } }))
  return (
    <Loaded query={query} rows={2}>
      {({ requests, data }) =>
        requests === 0 ? (
          <p>Of the last seven days nothing would have been refused.</p>
        ) : (
          <div>
            <p>Of the last seven days <b className="font-semibold">{quantity(String(requests))} {requests === 1 ? 'request' : 'requests'}</b> would have been refused:</p>
            <div className="mt-2 max-h-56 overflow-auto rounded-lg border">
              <Table
                label="What would have been refused"
                rows={data}
                rowKey={({ reason, scope }) => `${reason} ${scope}`}
                columns={[
                  { head: 'Why', cell: ({ reason, scope }) => <>{words(reason)}<br /><code className="font-mono text-xs text-faint">{scope}</code></> },
                  { head: 'Requests', isNumber: true, cell: (row) => quantity(String(row.requests)) },
                  { head: 'Last', isNumber: true, cell: ({ latest }) => <Ago at={latest} className="text-muted" /> },
                ]}
              />
            </div>
          </div>
        )
      }
    </Loaded>
  )
}

/** What would refuse at once. */
function BudgetsOverLimit({ customer }: { readonly customer: string }) {
  const budgets = useQuery(ask('listBudgets', { params: { customer }, query: { limit: 500 } }))
  return (
    <Loaded query={budgets} rows={1}>
      {({ data }) => {
        const over = data.filter(({ remaining, enforcement, kind }) => enforcement === 'hard' && kind !== 'allowance' && (isNegative(remaining) || isZero(remaining)))
        if (over.length === 0) return <p>No limit is used up now: nothing is refused at once.</p>
        return (
          <div>
            <p>Used up now, so that what needs them is refused at once:</p>
            <ul className="mt-1 list-disc pl-5">{over.map(({ id, name, used, limit, unit }) => <li key={id}>{name}: <Measure value={used} unit={unit} /> of <Measure value={limit} unit={unit} /></li>)}</ul>
          </div>
        )
      }}
    </Loaded>
  )
}
