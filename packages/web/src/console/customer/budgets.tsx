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
import { useMay } from '../session.tsx'

const WINDOWS = [['day', 'a day'], ['week', 'a week'], ['month', 'a month'], ['billing_period', 'a billing period'], ['lifetime', 'for ever']] as const

export function Budgets({ customer }: { readonly customer: string }) {
  const params = { customer }
  const budgets = useQuery(ask('listBudgets', { params }))
  const entities = useInfiniteQuery(askPages('listEntities', { params, query: { limit: 500 } }))
  const rows = entities.data?.pages.flatMap(({ data }) => data) ?? []
  const [editing, setEditing] = useState<Budget | 'new' | null>(null)
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
                  <BudgetRow key={budget.id} budget={budget} entityName={nameOf(budget.entity)} actions={may && budget.kind === 'cap' ? <Button className="h-7 px-2 text-xs" onClick={() => setEditing(budget)}>Change</Button> : undefined} />
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
      {editing !== null && <EditCap customer={customer} budget={editing === 'new' ? null : editing} entities={rows} onClose={() => setEditing(null)} />}
      {isAdding && <AddEntity customer={customer} entities={rows} onClose={() => setAdding(false)} />}
    </div>
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

type EditProps = { readonly customer: string; readonly budget: Budget | null; readonly entities: readonly Entity[]; readonly onClose: () => void }

function EditCap({ customer, budget, entities, onClose }: EditProps) {
  const [name, setName] = useState(budget?.name ?? '')
  const [limit, setLimit] = useState(budget?.limit ?? '')
  const [window, setWindow] = useState<Budget['window']>(budget?.window ?? 'month')
  const [enforcement, setEnforcement] = useState<Budget['enforcement']>(budget?.enforcement ?? 'hard')
  const [entity, setEntity] = useState(budget?.entity ?? '')
  const write = useWrite('putBudget', onClose)
  const id = budget === null ? wordOf(name) : budget.id.replace(/^cap:/, '')
  const submit = () => write.mutate({ params: { customer, budget: id }, body: { name, limit, window, enforcement, entity: entity === '' ? null : entity, meters: budget?.meters ?? null, features: budget?.features ?? null } })
  return (
    <Dialog isOpen onClose={onClose} title={budget === null ? 'Set a cap' : `Change ${budget.name}`} lead="In force on every gateway when this answers.">
      <DialogForm submit="Set" onSubmit={submit} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <Field label="Name" required maxLength={200} value={name} hint={id === '' ? 'Shown to people.' : <>Its id will be <code>cap:{id}</code>.</>} onChange={(event) => setName(event.target.value)} />
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label={budget === null ? 'Limit, in the currency of the catalog' : `Limit in ${budget.unit}`} required inputMode="decimal" pattern="\d+(\.\d+)?" value={limit} onChange={(event) => setLimit(event.target.value)} />
          <Choice label="Window" value={window} disabled={budget !== null} options={WINDOWS} onChange={(event) => setWindow(event.target.value as Budget['window'])} />
          <Choice label="When it is used up" value={enforcement} options={[['hard', 'Refuse what does not fit'], ['soft', 'Only report it']]} onChange={(event) => setEnforcement(event.target.value as Budget['enforcement'])} />
          <Choice label="Applies to" value={entity} disabled={budget !== null} options={[['', 'The whole customer'], ...entities.map((one) => [one.id, one.name] as const)]} onChange={(event) => setEntity(event.target.value)} />
        </div>
      </DialogForm>
    </Dialog>
  )
}

/** A word for the id of a cap, out of its name. */
export function wordOf(name: string): string {
  return name.normalize('NFKD').toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 60)
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
