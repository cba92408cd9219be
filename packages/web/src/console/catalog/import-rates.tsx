// Imports public price lists: what would change is shown first, large changes are marked and need a yes.

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { call, type Answer } from '../../api/client.ts'
import type { RateChange } from '../../api/operations.ts'
import { useWrite } from '../../api/queries.ts'
import { Button, Dialog } from '../../parts/controls.tsx'
import { FilePicker } from '../../parts/file-picker.tsx'
import { quantity, words } from '../../parts/format.ts'
import { Badge, Empty, Failure, Loading, type Tone } from '../../parts/surface.tsx'
import { Table } from '../../parts/table.tsx'

type List = { readonly name: string; readonly content: string }
const ACTIONS: Readonly<Record<RateChange['action'], Tone>> = { added: 'good', changed: 'accent', removed: 'neutral', disagreeing: 'bad' }
/** Percent above which a change needs a yes; the API's own default. */
const CONFIRM_ABOVE = 10

export function ImportRates({ onClose }: { readonly onClose: () => void }) {
  const [lists, setLists] = useState<readonly List[]>([])
  const [isConfirmed, setConfirmed] = useState(false)
  const plan = useMutation({ mutationFn: (read: readonly List[]) => call('planRates', { body: { lists: read } }) })
  const write = useWrite('importRates')
  const choose = async (files: readonly File[]) => {
    const read = await Promise.all(files.map(async (file) => ({ name: file.name, content: await file.text() })))
    setLists(read)
    if (read.length > 0) plan.mutate(read)
  }
  const large = plan.data?.changes.filter(isLarge).length ?? 0
  const done = write.data
  return (
    <Dialog isOpen isWide onClose={onClose} title="Import a price list" lead="The price map of LiteLLM, genai-prices, the list of models.dev, or YAML of your own. New entries hold from today on; usage of before keeps its cost.">
      {done !== undefined ? (
        <p role="status">{done.applied.length} {done.applied.length === 1 ? 'change is' : 'changes are'} in force on every gateway, as imported version {done.version}.{done.held.length > 0 && ` ${done.held.length} were held back.`}</p>
      ) : (
        <>
          <FilePicker label="Files" isMany accept=".json,.yaml,.yml" onChoose={choose} />
          <div className="mt-4">{plan.error !== null ? <Failure error={plan.error} /> : plan.isPending ? <Loading rows={4} label="Reading the lists" /> : plan.data !== undefined && <Planned plan={plan.data} />}</div>
          {write.error !== null && <div className="mt-3"><Failure error={write.error} /></div>}
          {large > 0 && (
            <label className="mt-4 flex items-center gap-2">
              <input type="checkbox" className="size-4 accent-accent" checked={isConfirmed} onChange={(event) => setConfirmed(event.target.checked)} /> The {large} {large === 1 ? 'change' : 'changes'} above {CONFIRM_ABOVE} % are right, too
            </label>
          )}
        </>
      )}
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={onClose}>Close</Button>
        {done === undefined && <Button look="primary" disabled={write.isPending || !plan.data?.changes.some(({ action }) => action === 'added' || action === 'changed')} onClick={() => write.mutate({ body: { lists, base_version: plan.data!.base_version, confirmed: isConfirmed } })}>{write.isPending ? 'Working …' : 'Import'}</Button>}
      </div>
    </Dialog>
  )
}

function isLarge({ action, percent }: RateChange): boolean {
  return action === 'changed' && (percent === null || Math.abs(Number(percent)) > CONFIRM_ABOVE)
}

function Planned({ plan: { changes, same, lists } }: { readonly plan: Answer<'planRates'> }) {
  return (
    <>
      <p className="mb-2 text-muted">
        {lists.map(({ name, source, entries, skipped }) => `${name}: ${quantity(String(entries))} prices of ${source}, ${quantity(String(Object.values(skipped).reduce((sum, count) => sum + count, 0)))} passed over`).join('; ')}. {quantity(String(same))} are as they were.
      </p>
      {changes.length === 0 ? (
        <Empty title="Nothing would change" />
      ) : (
        <div className="-mx-6 max-h-96 overflow-auto border-y">
          <Table
            label="What would change"
            rows={changes}
            rowKey={({ provider, model, action }) => `${provider} ${model} ${action}`}
            columns={[
              { head: 'What', className: 'align-top', cell: (change) => <Badge tone={isLarge(change) ? 'warn' : ACTIONS[change.action]}>{change.action}</Badge> },
              { head: 'Model', className: 'align-top', cell: ({ provider, model, overridden }) => <><span className="font-medium">{model}</span> <Badge>{provider}</Badge> {overridden && <Badge tone="warn" title="The catalog names it itself, so that the import does not speak.">the catalog says otherwise</Badge>}</> },
              { head: 'Prices for a million', cell: (change) => <Prices change={change} /> },
              { head: 'Change', isNumber: true, className: 'align-top', cell: ({ percent }) => (percent === null ? '–' : `${percent} %`) },
            ]}
          />
        </div>
      )}
    </>
  )
}

function Prices({ change: { prices, sources, action } }: { readonly change: RateChange }) {
  if (action === 'disagreeing') return <ul>{sources.map(({ source, per_million: amounts }) => <li key={source}><span className="text-muted">{source}:</span> {Object.entries(amounts).map(([bucket, amount]) => `${words(bucket)} ${amount}`).join(', ')}</li>)}</ul>
  return <ul>{prices.map(({ price, before, after }) => <li key={price}><span className="text-muted">{words(price)}</span> {before ?? 'nothing'} → {after ?? 'nothing'}</li>)}</ul>
}
