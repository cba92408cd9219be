// Where AI requests are sent: upstreams with the models that go to each. A secret is stored sealed and never shown again.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Upstream } from '../../api/operations.ts'
import { ask, useWrite } from '../../api/queries.ts'
import { Button, Dialog, DialogForm } from '../../parts/controls.tsx'
import { Badge, Card, Empty, Loaded, PageHead } from '../../parts/surface.tsx'
import { Table } from '../../parts/table.tsx'
import { Ago } from '../../parts/values.tsx'
import { words } from '../../parts/format.ts'
import { useMay } from '../session.tsx'
import { EditUpstream } from './edit-upstream.tsx'

const RESTING_MS = 3_000

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
                  { head: 'Priority', isNumber: true, cell: ({ priority }) => priority },
                  { head: 'Weight', isNumber: true, cell: ({ weight }) => weight },
                  { head: 'Key', cell: ({ has_secret: has, keys }) => (has ? <Badge tone="good" title={keys.map(({ name, weight }) => `${name}: ${weight}`).join(', ')}>{keys.length > 0 ? `${keys.length} ${keys.length === 1 ? 'key' : 'keys'}` : 'stored'}</Badge> : <Badge tone="warn">none</Badge>) },
                  { head: <span className="sr-only">Actions</span>, isNumber: true, cell: (row) => isAdmin && <span className="flex justify-end gap-2"><Button className="h-7 px-2 text-xs" onClick={() => setEditing(row)}>Change</Button><Button look="danger" className="h-7 px-2 text-xs" onClick={() => setRemoving(row)}>Remove</Button></span> },
                ]}
              />
            )
          }
        </Loaded>
      </Card>
      <Resting />
      {editing !== null && <EditUpstream upstream={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {removing !== null && <Remove upstream={removing} onClose={() => setRemoving(null)} />}
    </>
  )
}

/** Whose requests go elsewhere for a while, by gateway. */
function Resting() {
  const query = useQuery({ ...ask('listRestingUpstreams', {}), refetchInterval: RESTING_MS })
  return (
    <Card className="mt-6" title="Resting" note="What failed in a row is not asked for a while; requests go to other keys and upstreams meanwhile." flush>
      <Loaded query={query} rows={1}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="None rests">Every key of every upstream is asked.</Empty>
          ) : (
            <Table
              label="Resting upstreams"
              rows={data}
              rowKey={({ upstream, key, node }) => `${upstream} ${key} ${node}`}
              columns={[
                { head: 'Upstream', cell: ({ upstream, key }) => <><span className="font-medium">{upstream}</span>{key !== null && <span className="text-muted"> · {key}</span>}</> },
                { head: 'On', cell: ({ node }) => <span className="text-muted">{node}</span> },
                { head: 'Why', cell: ({ why, failures }) => <>{words(why)}{failures > 1 && <span className="text-muted">, {failures} times</span>}</> },
                { head: 'Until', cell: ({ until, trying }) => (trying ? <Badge tone="accent">being tried</Badge> : <Ago at={until} />) },
              ]}
            />
          )
        }
      </Loaded>
    </Card>
  )
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
