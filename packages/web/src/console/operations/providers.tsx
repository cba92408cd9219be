// Billing providers: whether each is set up, the inbox of what they sent with what became of it, and how they differ from what is here.

import { useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useRefresh } from '../../api/live.tsx'
import type { ProviderAccount, ProviderMessage } from '../../api/operations.ts'
import { ask, askPages, useWrite } from '../../api/queries.ts'
import { Button, Choice, Dialog, DialogForm, Field, Filter } from '../../parts/controls.tsx'
import { Copy } from '../../parts/copy.tsx'
import { words } from '../../parts/format.ts'
import { Badge, Card, Empty, Failure, Loaded, PageHead, type Tone } from '../../parts/surface.tsx'
import { More, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/values.tsx'
import { CustomerName } from '../customer-name.tsx'
import { useMay } from '../session.tsx'
import { Resync } from './resync.tsx'

export type Provider = ProviderMessage['provider']
export const PROVIDERS = ['stripe', 'chargebee', 'recurly'] as const satisfies readonly Provider[]

export function ProvidersPage() {
  return (
    <>
      <PageHead title="Billing providers" lead="What Stripe, Chargebee and Recurly tell becomes facts of a subscription. Each message is kept as it came, with what became of it." />
      <Accounts />
      <Inbox />
    </>
  )
}

function Accounts() {
  const accounts = useQueries({ queries: PROVIDERS.map((provider) => ask('getProvider', { params: { provider } })) })
  const [setting, setSetting] = useState<ProviderAccount | null>(null)
  const [comparing, setComparing] = useState<Provider | null>(null)
  const isAdmin = useMay()
  return (
    <div className="mb-6 grid gap-4 md:grid-cols-3">
      {accounts.map((query, index) => (
        <Card key={PROVIDERS[index]} title={words(PROVIDERS[index]!)}>
          <Loaded query={query} rows={3}>
            {(account) => (
              <>
                <p className="flex flex-wrap gap-1.5">
                  {account.has_webhook_secret ? <Badge tone="good">webhooks verified</Badge> : <Badge>no webhook secret</Badge>} {account.has_api_key ? <Badge tone="good">can be asked</Badge> : <Badge>no API key</Badge>}
                </p>
                <p className="mt-3 text-xs text-muted">Send its webhooks to</p>
                <p className="mt-1 flex min-w-0 items-center gap-2"><code className="min-w-0 truncate font-mono text-xs" title={account.webhook_url}>{account.webhook_url}</code><Copy text={`${location.origin}${account.webhook_url}`} label={`Copy the webhook address of ${account.provider}`} /></p>
                {isAdmin && (
                  <p className="mt-4 flex gap-2">
                    <Button onClick={() => setSetting(account)}>Set up</Button>
                    {account.has_api_key && <Button onClick={() => setComparing(account.provider)}>Compare …</Button>}
                  </p>
                )}
              </>
            )}
          </Loaded>
        </Card>
      ))}
      {setting !== null && <SetUp account={setting} onClose={() => setSetting(null)} />}
      {comparing !== null && <Resync provider={comparing} onClose={() => setComparing(null)} />}
    </div>
  )
}

function SetUp({ account, onClose }: { readonly account: ProviderAccount; readonly onClose: () => void }) {
  const [secret, setSecret] = useState('')
  const [apiKey, setApiKey] = useState('')
  const [address, setAddress] = useState(account.api_url ?? '')
  const [user, setUser] = useState(account.webhook_user ?? '')
  const write = useWrite('setProvider', onClose)
  const orStays = (text: string) => (text.trim() === '' ? null : text.trim())
  const submit = () => write.mutate({ params: { provider: account.provider }, body: { webhook_secret: orStays(secret), api_key: orStays(apiKey), api_url: orStays(address), webhook_user: orStays(user) } })
  return (
    <Dialog isOpen onClose={onClose} title={`Set up ${words(account.provider)}`} lead="Secrets are stored sealed and never shown again. What is left empty stays as it is; the secret before a new one still verifies.">
      <DialogForm submit="Save" onSubmit={submit} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <Field label={{ stripe: 'Signing secret of the endpoint', chargebee: 'Password of its basic auth', recurly: 'Key of its signature' }[account.provider]} type="password" autoComplete="off" value={secret} onChange={(event) => setSecret(event.target.value)} />
        <Field label="API key" type="password" autoComplete="off" hint="For comparing, and for the pages of Stripe." value={apiKey} onChange={(event) => setApiKey(event.target.value)} />
        {account.provider === 'chargebee' && <Field label="Address of its API" type="url" hint="https://your-site.chargebee.com/api/v2" value={address} onChange={(event) => setAddress(event.target.value)} />}
        {account.provider === 'chargebee' && <Field label="User of its basic auth" hint="tollgate, unless set." value={user} onChange={(event) => setUser(event.target.value)} />}
      </DialogForm>
    </Dialog>
  )
}

const STATES: Readonly<Record<ProviderMessage['state'], { readonly tone: Tone; readonly says: string }>> = {
  pending: { tone: 'accent', says: 'Waits to be read.' },
  done: { tone: 'good', says: 'Read, and recorded.' },
  ignored: { tone: 'neutral', says: 'Says nothing that matters here.' },
  stopped: { tone: 'bad', says: 'Somebody must say what it means; then it is replayed.' },
  failed: { tone: 'warn', says: 'Did not work, and is tried again by itself.' },
}

function Inbox() {
  const [provider, setProvider] = useState<Provider | ''>('')
  const [state, setState] = useState<ProviderMessage['state'] | ''>('')
  const [customer, setCustomer] = useState('')
  const [open, setOpen] = useState<ProviderMessage | null>(null)
  const replay = useWrite('replayProviderMessages')
  const may = useMay('support')
  const query = useInfiniteQuery(askPages('listProviderMessages', { query: { limit: 50, ...(provider === '' ? {} : { provider }), ...(state === '' ? {} : { state }), ...(customer === '' ? {} : { customer }) } }))
  useRefresh([['listProviderMessages']], ({ type }) => type.startsWith('provider.') || type.startsWith('subscription.'))
  return (
    <Card title="Inbox" note="Newest first. What stopped waits for you; what failed is tried again by itself." flush actions={
      <>
        <Choice isBare label="Provider" value={provider} options={[['', 'All providers'], ...PROVIDERS.map((one) => [one, words(one)] as const)]} onChange={(event) => setProvider(event.target.value as Provider)} />
        <Choice isBare label="State" value={state} options={[['', 'Any state'], ...Object.keys(STATES).map((one) => [one, words(one)] as const)]} onChange={(event) => setState(event.target.value as 'done')} />
        <Filter label="Customer id" value={customer} onChange={setCustomer} />
        {may && <Button disabled={replay.isPending} onClick={() => replay.mutate({ body: {} })}>Replay all that stopped</Button>}
      </>
    }>
      {replay.error !== null && <div className="px-5 pb-3"><Failure error={replay.error} /></div>}
      {replay.data !== undefined && <p role="status" className="px-5 pb-3 text-muted">{replay.data.queued} {replay.data.queued === 1 ? 'message was' : 'messages were'} processed again.</p>}
      <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title={provider === '' && state === '' && customer === '' ? 'Nothing has come yet' : 'No message fits'}>Set up a provider, and let it send its webhooks here.</Empty>
          ) : (
            <Table
              label="Messages of providers"
              rows={rows}
              rowKey={({ provider: from, id }) => `${from} ${id}`}
              columns={[
                { head: 'Came', className: 'whitespace-nowrap', cell: ({ received_at: at }) => <Time at={at} withSeconds /> },
                { head: 'From', cell: ({ provider: from }) => words(from) },
                { head: 'Kind', cell: (row) => <button type="button" className="text-left underline decoration-edge underline-offset-2" onClick={() => setOpen(row)}>{row.kind}</button> },
                { head: 'Customer', cell: ({ customer: id }) => <CustomerName id={id} /> },
                { head: 'State', cell: (row) => <Badge tone={STATES[row.state].tone} title={STATES[row.state].says}>{row.state}</Badge> },
                { head: 'Why', className: 'min-w-56 text-muted', cell: ({ reason }) => reason ?? '' },
                { head: <span className="sr-only">Actions</span>, isNumber: true, cell: (row) => may && <Button className="h-7 px-2 text-xs" disabled={replay.isPending} onClick={() => replay.mutate({ body: { provider: row.provider, message: row.id } })} aria-label={`Replay ${row.id}`}>Replay</Button> },
              ]}
            />
          )
        }
      </Loaded>
      <More query={query} />
      {open !== null && <Message message={open} onClose={() => setOpen(null)} />}
    </Card>
  )
}

function Message({ message, onClose }: { readonly message: ProviderMessage; readonly onClose: () => void }) {
  const query = useQuery(ask('getProviderMessage', { params: { provider: message.provider, message: message.id } }))
  return (
    <Dialog isOpen isWide onClose={onClose} title={message.kind} lead={<>{words(message.provider)} · <code className="font-mono text-xs">{message.id}</code> · read {message.attempts} {message.attempts === 1 ? 'time' : 'times'}</>}>
      {message.reason !== null && <p className="mb-3"><Badge tone={STATES[message.state].tone}>{message.state}</Badge> {message.reason}</p>}
      <Loaded query={query} rows={6}>{({ body }) => <pre tabIndex={0} className="max-h-96 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs">{indented(body)}</pre>}</Loaded>
      <p className="mt-4 text-right"><Button onClick={onClose}>Close</Button></p>
    </Dialog>
  )
}

/** As it came, easier to read where it is JSON. */
function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}
