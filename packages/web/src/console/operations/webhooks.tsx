// Endpoints that messages are sent to, and how each delivery went.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { WebhookEndpoint } from '../../api/operations.ts'
import { ask, askPages, useWrite } from '../../api/queries.ts'
import { Button, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { Badge, Card, Command, Empty, Loaded, PageHead, type Tone } from '../../parts/surface.tsx'
import { More, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/values.tsx'
import { useMay } from '../session.tsx'

export function WebhooksPage() {
  const query = useQuery(ask('listWebhooks', { query: {} }))
  const [isAdding, setAdding] = useState(false)
  const [open, setOpen] = useState<WebhookEndpoint | null>(null)
  const isAdmin = useMay()
  return (
    <>
      <PageHead title="Webhooks" lead="What happens is sent to these addresses, signed as Standard Webhooks say, and sent again until it is taken.">
        {isAdmin && <Button look="primary" onClick={() => setAdding(true)}>Add an endpoint</Button>}
      </PageHead>
      <Card flush>
        <Loaded query={query}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="No endpoint yet" />
            ) : (
              <Table
                label="Endpoints"
                rows={data}
                rowKey={({ id }) => id}
                columns={[
                  { head: 'Address', className: 'max-w-80 truncate', cell: ({ url, description }) => <><code className="font-mono text-xs">{url}</code><br /><span className="text-xs text-faint">{description}</span></> },
                  { head: 'Of', cell: ({ customer }) => customer ?? 'all customers' },
                  { head: 'Messages', className: 'max-w-56 truncate', cell: ({ types }) => (types === null ? 'all' : types.join(', ')) },
                  { head: 'State', cell: ({ disabled_at: at, disabled_reason: reason }) => (at === null ? <Badge tone="good">on</Badge> : <Badge tone="bad" title={reason ?? ''}>off</Badge>) },
                  { head: <span className="sr-only">Deliveries</span>, isNumber: true, cell: (row) => <Button className="h-7 px-2 text-xs" onClick={() => setOpen(row)}>Deliveries</Button> },
                ]}
              />
            )
          }
        </Loaded>
      </Card>
      {open !== null && <Deliveries endpoint={open} />}
      {isAdding && <Add onClose={() => setAdding(false)} />}
    </>
  )
}

function Add({ onClose }: { readonly onClose: () => void }) {
  const [url, setUrl] = useState('https://')
  const [description, setDescription] = useState('')
  const [secret, setSecret] = useState<string | null>(null)
  const write = useWrite('createWebhook', (made) => setSecret((made as { readonly secret?: string }).secret ?? ''))
  if (secret !== null) {
    return (
      <Dialog isOpen onClose={onClose} title="Its signing secret, once" lead="Your receiver verifies with it that a message is ours.">
        <Command text={secret} />
        <div className="mt-4 flex justify-end"><Button look="primary" onClick={onClose}>I have kept it</Button></div>
      </Dialog>
    )
  }
  return (
    <Dialog isOpen onClose={onClose} title="Add an endpoint" lead="It gets every message of the operator from now on.">
      <DialogForm submit="Add" onSubmit={() => write.mutate({ body: { url, description } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <Field label="Address" type="url" required value={url} onChange={(event) => setUrl(event.target.value)} />
        <Field label="Description" maxLength={200} value={description} onChange={(event) => setDescription(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}

const TONES: Readonly<Record<string, Tone>> = { delivered: 'good', pending: 'warn', failed: 'bad' }

function Deliveries({ endpoint }: { readonly endpoint: WebhookEndpoint }) {
  const query = useInfiniteQuery({ ...askPages('listDeliveries', { params: { webhook: endpoint.id }, query: { limit: 50 } }), refetchInterval: 5_000 })
  const enable = useWrite('enableWebhook')
  const isAdmin = useMay()
  return (
    <Card className="mt-6" title={`Deliveries to ${endpoint.url}`} actions={isAdmin && endpoint.disabled_at !== null && <Button onClick={() => enable.mutate({ params: { webhook: endpoint.id } })}>Switch on again</Button>} flush>
      <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="Nothing has been sent yet" />
          ) : (
            <Table
              label="Deliveries"
              rows={rows}
              rowKey={({ id }) => id}
              columns={[
                { head: 'When', cell: ({ created_at: at }) => <Time at={at} withSeconds /> },
                { head: 'Message', cell: ({ type }) => type },
                { head: 'State', cell: ({ status }) => <Badge tone={TONES[status] ?? 'neutral'}>{status}</Badge> },
                { head: 'Tries', isNumber: true, cell: ({ attempts }) => attempts },
                { head: 'Last answer', cell: ({ last_status: status, last_error: error }) => <span className="text-muted">{error ?? status ?? '–'}</span> },
                { head: 'Next try', cell: ({ next_attempt_at: at }) => (at === null ? '–' : <Time at={at} withSeconds />) },
              ]}
            />
          )
        }
      </Loaded>
      <More query={query} />
    </Card>
  )
}
