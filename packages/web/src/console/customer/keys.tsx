// The keys of one customer, or of the operator: made here and shown once, revoked at once.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Key } from '../../api/operations.ts'
import { ask, askPages, useWrite } from '../../api/queries.ts'
import { Button, Choice, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { Badge, Card, Empty, Loaded } from '../../parts/surface.tsx'
import { More, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/values.tsx'
import { useMay } from '../session.tsx'
import { KeyOnce, RotateKey } from './rotate-key.tsx'

type Scope = Key['scopes'][number]
const SCOPES_OF_CUSTOMER = [['gateway', 'AI requests through the gateway'], ['ingest', 'Sends usage events'], ['customer', 'Reads its own usage'], ['tenant_admin', 'Sets its own caps']] as const
const SCOPES_OF_OPERATOR = [['viewer', 'Viewer: reads everything'], ['support', 'Support: helps customers'], ['finance', 'Finance: moves money'], ['admin', 'Admin: everything'], ['ingest', 'Sends usage events']] as const

/** `customer` null: all keys, and new ones are the operator's. */
export function Keys({ customer }: { readonly customer: string | null }) {
  const query = useInfiniteQuery(askPages('listKeys', { query: { limit: 100, ...(customer === null ? {} : { customer }) } }))
  const [isMaking, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<Key | null>(null)
  const [rotating, setRotating] = useState<Key | null>(null)
  const isAdmin = useMay()
  return (
    <Card title="Keys" note="Known by their hash alone: a key is shown once, when it is made." actions={isAdmin && <Button look="primary" onClick={() => setMaking(true)}>Create a key</Button>} flush>
      <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No keys yet">A key with the scope gateway lets its holder send requests.</Empty>
          ) : (
            <Table
              label="Keys"
              rows={rows}
              rowKey={({ id }) => id}
              columns={[
                { head: 'Key', cell: ({ hint, name }) => <><span className="font-medium">{name === '' ? 'without a name' : name}</span><br /><code className="font-mono text-xs text-faint">{hint}</code></> },
                { head: 'Scopes', cell: ({ scopes }) => <span className="flex flex-wrap gap-1">{scopes.map((scope) => <Badge key={scope}>{scope}</Badge>)}</span> },
                ...(customer === null ? [{ head: 'Customer', cell: (row: Key) => <span className="text-muted">{row.customer ?? 'operator'}</span> }] : [{ head: 'Counts for', cell: (row: Key) => <span className="text-muted">{row.entity ?? 'the customer'}</span> }]),
                { head: 'Created', cell: ({ created_at }) => <span className="text-muted"><Time at={created_at} /></span> },
                { head: 'State', cell: ({ revoked_at, expires_at }) => <KeyState revoked={revoked_at} expires={expires_at} /> },
                { head: <span className="sr-only">Actions</span>, isNumber: true, cell: (row) => isAdmin && row.revoked_at === null && <span className="flex justify-end gap-2"><Button className="h-7 px-2 text-xs" aria-label={`Rotate ${named(row)}`} onClick={() => setRotating(row)}>Rotate</Button><Button className="h-7 px-2 text-xs" look="danger" aria-label={`Revoke ${named(row)}`} onClick={() => setRevoking(row)}>Revoke</Button></span> },
              ]}
            />
          )
        }
      </Loaded>
      <More query={query} />
      {isMaking && <MakeKey customer={customer} onClose={() => setMaking(false)} />}
      {rotating !== null && <RotateKey row={rotating} onClose={() => setRotating(null)} />}
      {revoking !== null && <Revoke row={revoking} onClose={() => setRevoking(null)} />}
    </Card>
  )
}

function named({ name, hint }: Key): string {
  return name === '' ? hint : name
}

function KeyState({ revoked, expires }: { readonly revoked: string | null; readonly expires: string | null }) {
  if (revoked !== null) return <Badge tone="bad">revoked</Badge>
  if (expires === null) return <Badge tone="good">works</Badge>
  if (Date.parse(expires) < Date.now()) return <Badge tone="warn">expired</Badge>
  return <span className="whitespace-nowrap"><Badge tone="good">works</Badge> <span className="text-xs text-muted">until <Time at={expires} /></span></span>
}

function MakeKey({ customer, onClose }: { readonly customer: string | null; readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly Scope[]>([customer === null ? 'viewer' : 'gateway'])
  const [entity, setEntity] = useState('')
  const [raw, setRaw] = useState<string | null>(null)
  const entities = useQuery({ ...ask('listEntities', { params: { customer: customer ?? '' }, query: { limit: 500 } }), enabled: customer !== null })
  const write = useWrite('createKey', ({ key }) => setRaw(key))
  const toggle = (scope: Scope) => setScopes((now) => (now.includes(scope) ? now.filter((one) => one !== scope) : [...now, scope]))
  if (raw !== null) return <KeyOnce raw={raw} onClose={onClose} />
  const submit = () => write.mutate({ body: { scopes, customer, entity: entity === '' ? null : entity, ...(name === '' ? {} : { name }) } })
  return (
    <Dialog isOpen onClose={onClose} title="Create a key" lead={customer === null ? 'For one of your own people or programs.' : 'It works at every gateway when this answers.'}>
      <DialogForm submit="Create" onSubmit={submit} onCancel={onClose} isBusy={write.isPending} isReady={scopes.length > 0} error={write.error}>
        <Field label="Name" maxLength={200} hint="Who or what holds it." value={name} onChange={(event) => setName(event.target.value)} />
        <fieldset>
          <legend className="mb-1 text-xs font-medium text-muted">It may</legend>
          {(customer === null ? SCOPES_OF_OPERATOR : SCOPES_OF_CUSTOMER).map(([scope, text]) => (
            <label key={scope} className="flex items-center gap-2 py-1">
              <input type="checkbox" className="size-4 accent-accent" checked={scopes.includes(scope)} onChange={() => toggle(scope)} /> {text}
            </label>
          ))}
        </fieldset>
        {customer !== null && <Choice label="Its requests count for" value={entity} options={[['', 'The customer itself'], ...(entities.data?.data ?? []).map((one) => [one.id, one.name] as const)]} onChange={(event) => setEntity(event.target.value)} />}
      </DialogForm>
    </Dialog>
  )
}

function Revoke({ row, onClose }: { readonly row: Key; readonly onClose: () => void }) {
  const write = useWrite('revokeKey', onClose)
  return (
    <Dialog isOpen onClose={onClose} title={`Revoke ${named(row)}?`} lead="It is refused everywhere when this answers, and cannot be given back.">
      <DialogForm submit="Revoke" look="danger" onSubmit={() => write.mutate({ params: { key: row.id } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        {null}
      </DialogForm>
    </Dialog>
  )
}
