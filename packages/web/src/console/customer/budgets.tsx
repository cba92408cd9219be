// The customer's tree of teams and users with the budgets on each, and the caps that an operator sets beside those of the plan.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Budget, Entity } from '../../api/operations.ts'
import { useRefresh } from '../../api/live.tsx'
import { ask, askPages, useWrite } from '../../api/queries.ts'
import { Button, Choice, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { Badge, Card, Empty, Loaded } from '../../parts/surface.tsx'
import { More } from '../../parts/table.tsx'
import { BudgetRow } from '../../views/budgets.tsx'
import { CapForm } from '../../views/cap-form.tsx'
import { useMay } from '../session.tsx'

export function Budgets({ customer }: { readonly customer: string }) {
  const params = { customer }
  const budgets = useQuery(ask('listBudgets', { params, query: { limit: 500 } }))
  const entities = useInfiniteQuery(askPages('listEntities', { params, query: { limit: 500 } }))
  const rows = entities.data?.pages.flatMap(({ data }) => data) ?? []
  const [editing, setEditing] = useState<Budget | 'new' | null>(null)
  const [removing, setRemoving] = useState<Budget | null>(null)
  const [isAdding, setAdding] = useState(false)
  const may = useMay('support')
  useRefresh([['listBudgets']], (message) => message.customer === customer)
  const nameOf = (id: string | null) => (id === null ? null : (rows.find((row) => row.id === id)?.name ?? id))
  return (
    <div className="space-y-6">
      <Card title="Budgets" note="Those of the plan, and caps beside them. The strictest that applies decides." actions={may && <Button onClick={() => setEditing('new')}>Set a cap</Button>} flush>
        <Loaded query={budgets}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="Nothing limits this customer">A cap refuses what does not fit, before it costs anything.</Empty>
            ) : (
              <ul>
                {data.map((budget) => (
                  <BudgetRow key={budget.id} budget={budget} entityName={nameOf(budget.entity)} actions={may && budget.kind === 'cap' ? <span className="flex gap-2"><Button className="h-7 px-2 text-xs" onClick={() => setEditing(budget)}>Change</Button><Button className="h-7 px-2 text-xs" look="danger" onClick={() => setRemoving(budget)}>Remove</Button></span> : undefined} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Card>
      <Card title="Teams and users" note="Budgets can be set on each; a request counts for its own and for all above it." actions={may && <Button onClick={() => setAdding(true)}>Add</Button>} flush>
        <Loaded query={{ ...entities, data: entities.data && rows }}>
          {(all) => (all.length === 0 ? <Empty title="No teams or users yet">A key of an entity makes its requests count there.</Empty> : <ul className="py-2"><Branch entities={all} parent={null} depth={0} /></ul>)}
        </Loaded>
        <More query={entities} />
      </Card>
      {editing !== null && <CapForm customer={customer} budget={editing === 'new' ? null : editing} entities={rows} isOperator onClose={() => setEditing(null)} />}
      {removing !== null && <RemoveCap customer={customer} budget={removing} onClose={() => setRemoving(null)} />}
      {isAdding && <AddEntity customer={customer} entities={rows} onClose={() => setAdding(false)} />}
    </div>
  )
}

function RemoveCap({ customer, budget, onClose }: { readonly customer: string; readonly budget: Budget; readonly onClose: () => void }) {
  const write = useWrite('deleteBudget', onClose)
  return (
    <Dialog isOpen onClose={onClose} title={`Remove ${budget.name}?`} lead="Nothing is limited by it any more when this answers. What was used stays on record.">
      <DialogForm submit="Remove" look="danger" onSubmit={() => write.mutate({ params: { customer, budget: budget.id.replace(/^cap:/, '') } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        {null}
      </DialogForm>
    </Dialog>
  )
}

function Branch({ entities, parent, depth }: { readonly entities: readonly Entity[]; readonly parent: string | null; readonly depth: number }) {
  return entities
    .filter((entity) => entity.parent === parent)
    .map((entity) => (
      <li key={entity.id}>
        <p className="flex items-center gap-2 px-5 py-1.5" style={{ paddingLeft: `${1.25 + depth * 1.25}rem` }}>
          <span className="font-medium">{entity.name}</span> <Badge>{entity.kind}</Badge> <code className="truncate font-mono text-xs text-faint">{entity.id}</code>
        </p>
        <ul>
          <Branch entities={entities} parent={entity.id} depth={depth + 1} />
        </ul>
      </li>
    ))
}

function AddEntity({ customer, entities, onClose }: { readonly customer: string; readonly entities: readonly Entity[]; readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [kind, setKind] = useState<Entity['kind']>('team')
  const [parent, setParent] = useState('')
  const write = useWrite('createEntity', onClose)
  return (
    <Dialog isOpen onClose={onClose} title="Add a team or user">
      <DialogForm submit="Add" onSubmit={() => write.mutate({ params: { customer }, body: { name, kind, parent: parent === '' ? null : parent } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <Field label="Name" required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
        <div className="grid gap-3 sm:grid-cols-2">
          <Choice label="Kind" value={kind} options={[['department', 'Department'], ['team', 'Team'], ['user', 'User']]} onChange={(event) => setKind(event.target.value as Entity['kind'])} />
          <Choice label="Under" value={parent} options={[['', 'The customer itself'], ...entities.map((one) => [one.id, one.name] as const)]} onChange={(event) => setParent(event.target.value)} />
        </div>
      </DialogForm>
    </Dialog>
  )
}
