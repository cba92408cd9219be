// Endpoints that messages are sent to, and how each delivery went.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { WebhookDelivery, WebhookEndpoint } from '../../api/operations.ts'
import { ask, askPages, useWrite } from '../../api/queries.ts'
import { Button, Choice, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { Badge, Card, Command, Empty, Loaded, PageHead, type Tone } from '../../parts/surface.tsx'
import { More, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/values.tsx'
import { CustomerName } from '../customer-name.tsx'
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
              <Empty title="No endpoint yet" command={`curl ${location.origin}/v1/webhooks \\\n  -H "Authorization: Bearer $ADMIN_KEY" -H "Content-Type: application/json" \\\n  -d '{"url":"https://example.com/tollgate"}'`}>Add an address of yours, here or by the API:</Empty>
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
      {open !== null && <Deliveries key={open.id} endpoint={query.data?.data.find(({ id }) => id === open.id) ?? open} onClose={() => setOpen(null)} />}
      {isAdding && <Add onClose={() => setAdding(false)} />}
    </>
  )
}

function Add({ onClose }: { readonly onClose: () => void }) {
  const [url, setUrl] = useState('https://')
  const [description, setDescription] = useState('')
  const [secret, setSecret] = useState<string | null>(null)
  const write = useWrite('createWebhook', (made) => setSecret(made.secret))
  if (secret !== null) return <Secret secret={secret} onClose={onClose} />
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
type Act = 'replay' | 'rotate' | 'remove' | null

function Deliveries({ endpoint, onClose }: { readonly endpoint: WebhookEndpoint; readonly onClose: () => void }) {
  const [status, setStatus] = useState<WebhookDelivery['status'] | ''>('')
  const [act, setAct] = useState<Act>(null)
  const query = useInfiniteQuery({ ...askPages('listDeliveries', { params: { webhook: endpoint.id }, query: { limit: 50, ...(status === '' ? {} : { status }) } }), refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : 5_000) })
  const enable = useWrite('enableWebhook')
  const isAdmin = useMay()
  return (
    <Card className="mt-6" title={<span className="break-all">Deliveries to {endpoint.url}</span>} note={endpoint.disabled_reason ?? undefined} flush actions={
      <>
        <Choice isBare label="State of the delivery" value={status} options={[['', 'Any state'], ['delivered', 'Delivered'], ['pending', 'Pending'], ['failed', 'Failed']]} onChange={(event) => setStatus(event.target.value as 'failed')} />
        {isAdmin && endpoint.disabled_at !== null && <Button onClick={() => enable.mutate({ params: { webhook: endpoint.id } })}>Switch on again</Button>}
        {isAdmin && <><Button onClick={() => setAct('replay')}>Send again …</Button><Button onClick={() => setAct('rotate')}>New secret …</Button><Button look="danger" onClick={() => setAct('remove')}>Remove …</Button></>}
      </>
    }>
      <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title={status === '' ? 'Nothing has been sent yet' : `No delivery is ${status}`} />
          ) : (
            <Table
              isLong
              label="Deliveries"
              rows={rows}
              rowKey={({ id }) => id}
              columns={[
                { head: 'When', cell: ({ created_at: at }) => <Time at={at} withSeconds /> },
                { head: 'Message', cell: ({ type, message }) => <span title={message}>{type}</span> },
                { head: 'Customer', cell: ({ customer }) => <CustomerName id={customer} /> },
                { head: 'State', cell: ({ status: state }) => <Badge tone={TONES[state] ?? 'neutral'}>{state}</Badge> },
                { head: 'Tries', isNumber: true, cell: ({ attempts }) => attempts },
                { head: 'Last answer', cell: ({ last_status: answer, last_error: error }) => <span className="text-muted">{error ?? answer ?? '–'}</span> },
                { head: 'Next try', cell: ({ next_attempt_at: at }) => (at === null ? '–' : <Time at={at} withSeconds />) },
              ]}
            />
          )
        }
      </Loaded>
      <More query={query} isAuto />
      {act === 'replay' && <Replay endpoint={endpoint} onClose={() => setAct(null)} />}
      {act === 'rotate' && <Rotate endpoint={endpoint} onClose={() => setAct(null)} />}
      {act === 'remove' && <Remove endpoint={endpoint} onClose={() => setAct(null)} onRemoved={onClose} />}
    </Card>
  )
}

type ActProps = { readonly endpoint: WebhookEndpoint; readonly onClose: () => void }
const HOUR_MS = 3_600_000
const SINCE = [['1', 'The last hour'], ['24', 'The last day'], ['168', 'The last week'], ['720', 'The last 30 days']] as const

function Replay({ endpoint, onClose }: ActProps) {
  const [hours, setHours] = useState('24')
  const [isAll, setAll] = useState(false)
  const [queued, setQueued] = useState<number | null>(null)
  const write = useWrite('replayWebhook', (answer) => setQueued(answer.queued))
  if (queued !== null)
    return (
      <Dialog isOpen onClose={onClose} title="Sending again" lead={`${queued} ${queued === 1 ? 'message is' : 'messages are'} queued. A receiver that knows their ids takes each once.`}>
        <p className="text-right"><Button onClick={onClose}>Close</Button></p>
      </Dialog>
    )
  return (
    <Dialog isOpen onClose={onClose} title="Send messages again" lead="With the same ids, so that a receiver which knows them takes each once.">
      <DialogForm submit="Send again" onSubmit={() => write.mutate({ params: { webhook: endpoint.id }, body: { since: new Date(Date.now() - Number(hours) * HOUR_MS).toISOString(), all: isAll } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <Choice label="Of" value={hours} options={SINCE} onChange={(event) => setHours(event.target.value)} />
        <Choice label="Which" value={isAll ? 'all' : 'failed'} options={[['failed', 'Those that were not taken'], ['all', 'All of them']]} onChange={(event) => setAll(event.target.value === 'all')} />
      </DialogForm>
    </Dialog>
  )
}

function Rotate({ endpoint, onClose }: ActProps) {
  const [secret, setSecret] = useState<string | null>(null)
  const write = useWrite('rotateWebhook', (made) => setSecret(made.secret))
  if (secret !== null) return <Secret secret={secret} onClose={onClose} />
  return (
    <Dialog isOpen onClose={onClose} title="Make a new signing secret?" lead="For a while messages are signed with both, so that your receiver can change over without losing one.">
      <DialogForm submit="Make a new secret" onSubmit={() => write.mutate({ params: { webhook: endpoint.id } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        {null}
      </DialogForm>
    </Dialog>
  )
}

function Remove({ endpoint, onClose, onRemoved }: ActProps & { readonly onRemoved: () => void }) {
  const write = useWrite('deleteWebhook', onRemoved)
  return (
    <Dialog isOpen onClose={onClose} title="Remove the endpoint?" lead="Nothing is sent to it any more, and what waits for it is dropped.">
      <DialogForm submit="Remove" look="danger" onSubmit={() => write.mutate({ params: { webhook: endpoint.id } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        {null}
      </DialogForm>
    </Dialog>
  )
}

function Secret({ secret, onClose }: { readonly secret: string; readonly onClose: () => void }) {
  return (
    <Dialog isOpen onClose={onClose} title="Its signing secret, once" lead="Your receiver verifies with it that a message is ours.">
      <Command text={secret} />
      <div className="mt-4 flex justify-end"><Button look="primary" onClick={onClose}>I have kept it</Button></div>
    </Dialog>
  )
}
