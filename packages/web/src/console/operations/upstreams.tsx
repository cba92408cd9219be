// Where AI requests are sent: upstreams with the models that go to each. A secret is stored sealed and never shown again.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Upstream } from '../../api/operations.ts'
import { ask, useWrite } from '../../api/queries.ts'
import { Button, Choice, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { Badge, Card, Empty, Loaded, PageHead } from '../../parts/surface.tsx'
import { Table } from '../../parts/table.tsx'
import { useMay } from '../session.tsx'

const KINDS = [['openai', 'OpenAI format'], ['azure', 'Azure OpenAI'], ['anthropic', 'Anthropic'], ['gemini', 'Gemini']] as const

export function UpstreamsPage() {
  const query = useQuery(ask('listUpstreams', {}))
  const [editing, setEditing] = useState<Upstream | 'new' | null>(null)
  const [removing, setRemoving] = useState<Upstream | null>(null)
  const isAdmin = useMay()
  return (
    <>
      <PageHead title="Upstreams" lead="Those that are stored here. What the environment adds (OPENAI_API_KEY) and the built-in sandbox are not in this list.">
        {isAdmin && <Button look="primary" onClick={() => setEditing('new')}>Add an upstream</Button>}
      </PageHead>
      <Card flush>
        <Loaded query={query}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="No upstream is stored">The sandbox answers models of its own, free of charge; add a provider to reach real ones.</Empty>
            ) : (
              <Table
                label="Upstreams"
                rows={data}
                rowKey={({ id }) => id}
                columns={[
                  { head: 'Name', cell: ({ name }) => <span className="font-medium">{name}</span> },
                  { head: 'Kind', cell: ({ kind }) => <Badge>{kind}</Badge> },
                  { head: 'Address', cell: ({ base_url: url }) => <code className="font-mono text-xs">{url}</code> },
                  { head: 'Models', className: 'max-w-56 truncate', cell: ({ models }) => models.join(', ') },
                  { head: 'Key', cell: ({ has_secret: has, keys }) => (has ? <Badge tone="good">{keys.length > 1 ? `${keys.length} keys` : 'stored'}</Badge> : <Badge tone="warn">none</Badge>) },
                  { head: <span className="sr-only">Actions</span>, isNumber: true, cell: (row) => isAdmin && <span className="flex justify-end gap-2"><Button className="h-7 px-2 text-xs" onClick={() => setEditing(row)}>Change</Button><Button look="danger" className="h-7 px-2 text-xs" onClick={() => setRemoving(row)}>Remove</Button></span> },
                ]}
              />
            )
          }
        </Loaded>
      </Card>
      {editing !== null && <Edit upstream={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {removing !== null && <Remove upstream={removing} onClose={() => setRemoving(null)} />}
    </>
  )
}

function Edit({ upstream, onClose }: { readonly upstream: Upstream | null; readonly onClose: () => void }) {
  const [name, setName] = useState(upstream?.name ?? '')
  const [kind, setKind] = useState<Upstream['kind']>(upstream?.kind ?? 'openai')
  const [address, setAddress] = useState(upstream?.base_url ?? 'https://api.openai.com/v1')
  const [provider, setProvider] = useState(upstream?.provider ?? 'openai')
  const [models, setModels] = useState(upstream?.models.join(', ') ?? '*')
  const [secret, setSecret] = useState('')
  const [isPrivate, setPrivate] = useState(upstream?.allow_private ?? false)
  const [priority, setPriority] = useState(String(upstream?.priority ?? 1))
  const [weight, setWeight] = useState(String(upstream?.weight ?? 1))
  const [retries, setRetries] = useState(upstream?.retries === null || upstream === null ? '' : String(upstream.retries))
  const create = useWrite('createUpstream', onClose)
  const put = useWrite('putUpstream', onClose)
  const write = upstream === null ? create : put
  const submit = () => {
    // What this form does not show stays as it is.
    const routing = { priority: Number(priority), weight: Number(weight), retries: retries === '' ? null : Number(retries), ...(upstream === null ? {} : { timeouts: upstream.timeouts }) }
    const body = { ...routing, name, kind, base_url: address, provider, models: models.split(',').map((model) => model.trim()).filter((model) => model !== ''), allow_private: isPrivate, ...(secret === '' ? {} : { secret }) }
    if (upstream === null) create.mutate({ body })
    else put.mutate({ params: { upstream: upstream.id }, body })
  }
  return (
    <Dialog isOpen onClose={onClose} title={upstream === null ? 'Add an upstream' : `Change ${upstream.name}`}>
      <DialogForm submit="Save" onSubmit={submit} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label="Name" required value={name} onChange={(event) => setName(event.target.value)} />
          <Choice label="Kind" value={kind} options={KINDS} onChange={(event) => setKind(event.target.value as Upstream['kind'])} />
        </div>
        <Field label="Base URL" required type="url" hint="Up to and including the version." value={address} onChange={(event) => setAddress(event.target.value)} />
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label="Provider of the rate card" required value={provider} onChange={(event) => setProvider(event.target.value)} />
          <Field label="Models" required hint="Joined by commas; * for all that no other names." value={models} onChange={(event) => setModels(event.target.value)} />
        </div>
        <div className="grid gap-3 sm:grid-cols-3">
          <Field label="Priority" type="number" min={1} max={100} required hint="Lower is asked first." value={priority} onChange={(event) => setPriority(event.target.value)} />
          <Field label="Weight" type="number" min={1} max={1000} required hint="Share within its priority." value={weight} onChange={(event) => setWeight(event.target.value)} />
          <Field label="Retries" type="number" min={0} max={5} hint="Empty: elsewhere only." value={retries} onChange={(event) => setRetries(event.target.value)} />
        </div>
        <Field label="Key" type="password" autoComplete="off" hint={secretHint(upstream)} value={secret} onChange={(event) => setSecret(event.target.value)} />
        <label className="flex items-center gap-2">
          <input type="checkbox" className="size-4 accent-accent" checked={isPrivate} onChange={(event) => setPrivate(event.target.checked)} /> Its address may be a private one
        </label>
      </DialogForm>
    </Dialog>
  )
}

function secretHint(upstream: Upstream | null): string {
  if (upstream === null || !upstream.has_secret) return 'Stored sealed, never shown again.'
  return upstream.keys.length === 0 ? 'Left empty, the stored one stays.' : `Left empty, its ${upstream.keys.length} keys stay: ${upstream.keys.map(({ name }) => name).join(', ')}. One here takes their place.`
}

function Remove({ upstream, onClose }: { readonly upstream: Upstream; readonly onClose: () => void }) {
  const write = useWrite('deleteUpstream', onClose)
  return (
    <Dialog isOpen onClose={onClose} title={`Remove ${upstream.name}?`} lead="Requests that run go on; no new one is sent there. Its stored key is gone.">
      <DialogForm submit="Remove" look="danger" onSubmit={() => write.mutate({ params: { upstream: upstream.id } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        {null}
      </DialogForm>
    </Dialog>
  )
}
