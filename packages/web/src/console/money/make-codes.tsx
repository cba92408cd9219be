// Makes a batch of redemption codes, and shows them the one time that they can be seen: to copy, or as a file.

import { useState } from 'react'
import { randomKey } from '../../api/client.ts'
import { useWrite } from '../../api/queries.ts'
import { Button, Choice, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { saveFile } from '../../parts/save-file.ts'
import { Command } from '../../parts/surface.tsx'
import { useNamed } from '../catalog/use-plans.ts'

type Kind = 'credits' | 'plan' | 'add_on'
const KINDS = [['credits', 'Credits'], ['plan', 'A plan'], ['add_on', 'An add-on']] as const
const CODES_SHOWN = 20

export function MakeCodes({ onClose }: { readonly onClose: () => void }) {
  const [key] = useState(randomKey)
  const [name, setName] = useState('')
  const [kind, setKind] = useState<Kind>('credits')
  const [amount, setAmount] = useState('10')
  const [asset, setAsset] = useState('USD')
  const [category, setCategory] = useState<'promotional' | 'paid'>('promotional')
  const [days, setDays] = useState('')
  const [picked, setPicked] = useState('')
  const [count, setCount] = useState('10')
  const [words, setWords] = useState('')
  const [uses, setUses] = useState('1')
  const [until, setUntil] = useState('')
  const plans = useNamed('plans')
  const addOns = useNamed('add_ons')
  const things = kind === 'plan' ? plans : addOns
  const thing = things.some(({ id }) => id === picked) ? picked : (things[0]?.id ?? '')
  const write = useWrite('createCodes')
  const own = words.split(/[\s,]+/).filter((word) => word !== '')
  const grants = kind === 'credits' ? { kind, amount, asset, category, days: days === '' ? null : Number(days) } : kind === 'plan' ? { kind, plan: thing } : { kind, add_on: thing }
  const submit = () => write.mutate({ body: { name, grants, ...(own.length > 0 ? { codes: own } : { count: Number(count) }), redemptions_max: uses === '' ? null : Number(uses), expires_at: until === '' ? null : `${until}T00:00:00Z` }, idempotencyKey: key })
  if (write.data !== undefined) return <Made name={write.data.batch.name} codes={write.data.codes} onClose={onClose} />
  return (
    <Dialog isOpen onClose={onClose} title="Make codes" lead="Each is shown once, when this answers.">
      <DialogForm submit="Make them" onSubmit={submit} onCancel={onClose} isBusy={write.isPending} isReady={kind === 'credits' || thing !== ''} error={write.error}>
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label="Name" required maxLength={200} hint="Shown to people." value={name} onChange={(event) => setName(event.target.value)} />
          <Choice label="One redemption gives" value={kind} options={KINDS} onChange={(event) => setKind(event.target.value as Kind)} />
          {kind === 'credits' ? (
            <>
              <Field label="Amount" required inputMode="decimal" pattern="\d+(\.\d+)?" value={amount} onChange={(event) => setAmount(event.target.value)} />
              <Field label="In" required hint="A currency, or a credit asset." value={asset} onChange={(event) => setAsset(event.target.value)} />
              <Choice label="Kind" value={category} options={[['promotional', 'Promotional'], ['paid', 'Paid: the code was sold']]} onChange={(event) => setCategory(event.target.value as 'paid')} />
              <Field label="Days that they last" inputMode="numeric" pattern="[1-9]\d*" hint="For ever, if left empty." value={days} onChange={(event) => setDays(event.target.value)} />
            </>
          ) : (
            <Choice label={kind === 'plan' ? 'Plan' : 'Add-on'} value={thing} options={things.map((one) => [one.id, one.name])} hint={things.length === 0 ? 'The catalog has none.' : undefined} onChange={(event) => setPicked(event.target.value)} />
          )}
          <Field label="How many codes" required={own.length === 0} disabled={own.length > 0} inputMode="numeric" pattern="[1-9]\d*" value={own.length > 0 ? String(own.length) : count} onChange={(event) => setCount(event.target.value)} />
          <Field label="Redemptions of each" inputMode="numeric" pattern="[1-9]\d*" hint="Without a limit, if left empty." value={uses} onChange={(event) => setUses(event.target.value)} />
          <Field label="Or words of your own" hint="Such as LAUNCH-2027; several with spaces." value={words} onChange={(event) => setWords(event.target.value)} />
          <Field label="Can be redeemed before (UTC)" type="date" hint="For ever, if left empty." value={until} onChange={(event) => setUntil(event.target.value)} />
        </div>
      </DialogForm>
    </Dialog>
  )
}

function Made({ name, codes, onClose }: { readonly name: string; readonly codes: readonly string[]; readonly onClose: () => void }) {
  const shown = codes.slice(0, CODES_SHOWN)
  return (
    <Dialog isOpen onClose={onClose} title={codes.length === 1 ? 'The code, once' : `The ${codes.length} codes, once`} lead="Keep them now: they are stored as hashes and cannot be shown again.">
      <div className="max-h-72 overflow-auto" tabIndex={0} role="region" aria-label="Codes"><Command text={shown.join('\n')} /></div>
      {codes.length > shown.length && <p className="mt-2 text-muted">The first {shown.length}; the file has all of them.</p>}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={() => saveFile(new Blob([`code\n${codes.join('\n')}\n`], { type: 'text/csv' }), `${name.replaceAll(/[^\w-]+/g, '-')}.csv`)}>Save as CSV</Button>
        <Button look="primary" onClick={onClose}>I have kept them</Button>
      </div>
    </Dialog>
  )
}
