// Adds or changes an upstream: its address, one key or several with their shares, its place among others, and how long it is waited for.

import { UPSTREAM_KEYS_MAX } from '@tollgate/core'
import { useState } from 'react'
import type { Upstream } from '../../api/operations.ts'
import { useWrite } from '../../api/queries.ts'
import { Button, Choice, Dialog, DialogForm, Field } from '../../parts/controls.tsx'

const KINDS = [['openai', 'OpenAI format'], ['azure', 'Azure OpenAI'], ['anthropic', 'Anthropic'], ['gemini', 'Gemini']] as const
const TIMEOUTS = [['connect_ms', 'To connect', 'Until a connection stands.'], ['first_byte_ms', 'To the first byte', 'Until a stream begins.'], ['answer_ms', 'To an answer', 'In one piece, so its whole generation.'], ['idle_ms', 'Silence', 'Within an answer.']] as const
type Timeouts = Readonly<Record<(typeof TIMEOUTS)[number][0], string>>
type OneKey = { readonly name: string; readonly weight: string; readonly secret: string; readonly isStored: boolean }

export function EditUpstream({ upstream, onClose }: { readonly upstream: Upstream | null; readonly onClose: () => void }) {
  const [name, setName] = useState(upstream?.name ?? '')
  const [kind, setKind] = useState<Upstream['kind']>(upstream?.kind ?? 'openai')
  const [address, setAddress] = useState(upstream?.base_url ?? 'https://api.openai.com/v1')
  const [provider, setProvider] = useState(upstream?.provider ?? 'openai')
  const [models, setModels] = useState(upstream?.models.join(', ') ?? '*')
  const [isPrivate, setPrivate] = useState(upstream?.allow_private ?? false)
  const [priority, setPriority] = useState(String(upstream?.priority ?? 1))
  const [weight, setWeight] = useState(String(upstream?.weight ?? 1))
  const [retries, setRetries] = useState(upstream === null || upstream.retries === null ? '' : String(upstream.retries))
  const [secret, setSecret] = useState('')
  const [keys, setKeys] = useState<readonly OneKey[]>(upstream?.keys.map((one) => ({ name: one.name, weight: String(one.weight), secret: '', isStored: true })) ?? [])
  const [timeouts, setTimeouts] = useState<Timeouts>(() => Object.fromEntries(TIMEOUTS.map(([of]) => [of, String(upstream?.timeouts[of] ?? '')])) as Timeouts)
  const create = useWrite('createUpstream', onClose)
  const put = useWrite('putUpstream', onClose)
  const write = upstream === null ? create : put
  const hadKeys = (upstream?.keys.length ?? 0) > 0
  const submit = () => {
    const body = {
      name, kind, base_url: address, provider, models: models.split(',').map((model) => model.trim()).filter((model) => model !== ''), allow_private: isPrivate,
      priority: Number(priority), weight: Number(weight), retries: numberOf(retries),
      timeouts: Object.fromEntries(TIMEOUTS.map(([of]) => [of, numberOf(timeouts[of])])),
      ...(keys.length > 0 ? { keys: keys.map((one) => ({ name: one.name, weight: Number(one.weight), ...(one.secret === '' ? {} : { secret: one.secret }) })) } : { ...(secret === '' ? {} : { secret }), ...(hadKeys ? { keys: [] } : {}) }),
    }
    if (upstream === null) create.mutate({ body })
    else put.mutate({ params: { upstream: upstream.id }, body })
  }
  return (
    <Dialog isOpen isWide onClose={onClose} title={upstream === null ? 'Add an upstream' : `Change ${upstream.name}`}>
      <DialogForm submit="Save" onSubmit={submit} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label="Name" required value={name} onChange={(event) => setName(event.target.value)} />
          <Choice label="Kind" value={kind} options={KINDS} onChange={(event) => setKind(event.target.value as Upstream['kind'])} />
          <Field label="Base URL" required type="url" hint="Up to and including the version." value={address} onChange={(event) => setAddress(event.target.value)} />
          <Field label="Provider of the rate card" required value={provider} onChange={(event) => setProvider(event.target.value)} />
          <Field label="Models" required hint="Joined by commas; * for all that no other names." value={models} onChange={(event) => setModels(event.target.value)} />
          <div className="grid grid-cols-3 gap-3">
            <Field label="Priority" type="number" min={1} max={100} required hint="Lower first." value={priority} onChange={(event) => setPriority(event.target.value)} />
            <Field label="Weight" type="number" min={1} max={1000} required hint="Its share." value={weight} onChange={(event) => setWeight(event.target.value)} />
            <Field label="Retries" type="number" min={0} max={5} hint="Empty: elsewhere." value={retries} onChange={(event) => setRetries(event.target.value)} />
          </div>
        </div>
        <label className="flex items-center gap-2">
          <input type="checkbox" className="size-4 accent-accent" checked={isPrivate} onChange={(event) => setPrivate(event.target.checked)} /> Its address may be a private one
        </label>
        {keys.length === 0 && <Field label="Key" type="password" autoComplete="off" hint={secretHint(upstream)} value={secret} onChange={(event) => setSecret(event.target.value)} />}
        <KeyRows keys={keys} onChange={setKeys} />
        <fieldset className="rounded-lg border px-4 pt-2 pb-1">
          <legend className="px-1 text-xs font-medium text-muted">How long requests wait, in milliseconds; empty: as long as the gateway does</legend>
          <div className="grid grid-cols-2 gap-3 sm:grid-cols-4">{TIMEOUTS.map(([of, label, hint]) => <Field key={of} label={label} type="number" min={50} max={3_600_000} hint={hint} value={timeouts[of]} onChange={(event) => setTimeouts((now) => ({ ...now, [of]: event.target.value }))} />)}</div>
        </fieldset>
      </DialogForm>
    </Dialog>
  )
}

function numberOf(text: string): number | null {
  return text === '' ? null : Number(text)
}

/** Several keys in the place of one: requests are shared among them, and one that is refused or limited rests for a while. */
function KeyRows({ keys, onChange }: { readonly keys: readonly OneKey[]; readonly onChange: (keys: readonly OneKey[]) => void }) {
  const set = (at: number, part: Partial<OneKey>) => onChange(keys.map((one, index) => (index === at ? { ...one, ...part } : one)))
  return (
    <fieldset className={keys.length === 0 ? '' : 'rounded-lg border px-4 pt-2 pb-3'}>
      <legend className={keys.length === 0 ? 'sr-only' : 'px-1 text-xs font-medium text-muted'}>Several keys: requests are shared among them by weight</legend>
      {keys.map((one, index) => (
        <div key={index} className="grid grid-cols-[minmax(0,2fr)_5rem_minmax(0,3fr)_auto] items-start gap-3">
          <Field label={`Name of key ${index + 1}`} required disabled={one.isStored} value={one.name} onChange={(event) => set(index, { name: event.target.value })} />
          <Field label="Weight" type="number" min={1} max={1000} required value={one.weight} onChange={(event) => set(index, { weight: event.target.value })} />
          <Field label="Secret" type="password" autoComplete="off" required={!one.isStored} hint={one.isStored ? 'Left empty, the stored one stays.' : undefined} value={one.secret} onChange={(event) => set(index, { secret: event.target.value })} />
          <Button look="quiet" className="mt-5" aria-label={`Remove key ${index + 1}`} onClick={() => onChange(keys.filter((_, at) => at !== index))}>Remove</Button>
        </div>
      ))}
      {keys.length < UPSTREAM_KEYS_MAX && <Button className="h-7 px-2 text-xs" onClick={() => onChange([...keys, { name: `key-${keys.length + 1}`, weight: '1', secret: '', isStored: false }])}>{keys.length === 0 ? 'Use several keys' : 'Add a key'}</Button>}
    </fieldset>
  )
}

function secretHint(upstream: Upstream | null): string {
  return upstream?.has_secret === true ? 'Left empty, the stored one stays.' : 'Stored sealed, never shown again.'
}
