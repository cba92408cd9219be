// What providers charge, by date: the entries in force, every dated entry of a model with what changed, models without a price, and the
// import of public price lists, which shows first what it would change.

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Rate } from '../../api/operations.ts'
import { ask } from '../../api/queries.ts'
import { Button, Dialog, Field, Filter } from '../../parts/controls.tsx'
import { words } from '../../parts/format.ts'
import { Badge, Card, Empty, Loaded, PageHead } from '../../parts/surface.tsx'
import { Table, type Column } from '../../parts/table.tsx'
import { Quantity, Time } from '../../parts/values.tsx'
import { useMay } from '../session.tsx'
import { ImportRates } from './import-rates.tsx'

const BUCKETS_SHOWN_MAX = 4

export function RatesPage() {
  const [model, setModel] = useState('')
  const [at, setAt] = useState('')
  const [open, setOpen] = useState<Rate | null>(null)
  const [isImporting, setImporting] = useState(false)
  const isAdmin = useMay()
  const rates = useQuery({ ...ask('listRates', { query: { ...(model === '' ? {} : { model }), ...(at === '' ? {} : { at: `${at}T00:00:00Z` }) } }), placeholderData: keepPreviousData })
  const unpriced = useQuery(ask('listUnpriced', {}))
  return (
    <>
      <PageHead title="Rate card" lead="What providers charge you, from a day on. It makes the cost of each request, and from that your margin.">
        <Filter label="Model" value={model} onChange={setModel} />
        {isAdmin && <Button look="primary" onClick={() => setImporting(true)}>Import a price list …</Button>}
      </PageHead>
      {unpriced.data !== undefined && unpriced.data.data.length > 0 && <Unpriced rows={unpriced.data.data} />}
      <Card title="In force" note={rates.data === undefined ? undefined : `Catalog version ${rates.data.catalog_version}, imported version ${rates.data.imported_version}. Amounts for a million tokens.`} actions={<div className="-mb-5 w-40"><Field label="On the day" type="date" value={at} onChange={(event) => setAt(event.target.value)} /></div>} flush>
        <Loaded query={rates} rows={8}>
          {({ data }) => (data.length === 0 ? <Empty title="No rate fits" command="npm run tollgate -- rates list" /> : <Table label="Rates in force" rows={data} rowKey={keyOf} columns={[{ head: 'Model', cell: (rate) => <button type="button" className="text-left underline decoration-edge underline-offset-2" onClick={() => setOpen(rate)}>{rate.model}</button> }, { head: 'Provider', cell: ({ provider }) => <Badge>{provider}</Badge> }, ...dated(data), { head: 'From the', cell: ({ layer }) => <span className="text-muted">{layer === 'catalog' ? 'catalog' : layer === 'imported' ? 'import' : 'program'}</span> }, { head: 'Context', isNumber: true, cell: ({ context_window: window }) => <Quantity value={String(window)} className="text-muted" /> }]} />)}
        </Loaded>
      </Card>
      {open !== null && <Model rate={open} onClose={() => setOpen(null)} />}
      {isImporting && <ImportRates onClose={() => setImporting(false)} />}
    </>
  )
}

function keyOf({ provider, model, from, layer }: Rate): string {
  return `${provider} ${model} ${from} ${layer}`
}

/** The columns that entries have in common: their day, and the buckets that most of them price. */
function dated(rates: readonly Rate[]): Column<Rate>[] {
  const counts = new Map<string, number>()
  for (const { per_million: prices } of rates) for (const bucket of Object.keys(prices)) counts.set(bucket, (counts.get(bucket) ?? 0) + 1)
  const buckets = [...counts].sort((a, b) => b[1] - a[1]).slice(0, BUCKETS_SHOWN_MAX).map(([bucket]) => bucket)
  return [
    { head: 'Since', cell: ({ from }) => <span className="whitespace-nowrap text-muted">{from}</span> },
    ...buckets.map((bucket) => ({ head: words(bucket), isNumber: true, cell: (rate: Rate) => (rate.per_million[bucket] === undefined ? '–' : `${rate.per_million[bucket]} ${rate.currency}`) })),
  ]
}

/** All entries of a model, newest first, each with what it changed. */
function Model({ rate, onClose }: { readonly rate: Rate; readonly onClose: () => void }) {
  const query = useQuery(ask('matchRate', { query: { model: rate.model, provider: rate.provider } }))
  return (
    <Dialog isOpen isWide onClose={onClose} title={`${rate.provider} · ${rate.model}`} lead="Each entry holds from its day on, until the next. Usage keeps the cost of its own day.">
      <Loaded query={query} rows={4}>
        {({ entries }) => (
          <>
            <div className="-mx-6 border-y">
              <Table
                label="Entries by date"
                rows={entries.map((entry, index) => ({ entry, before: entries[index + 1] ?? null }))}
                rowKey={({ entry }) => keyOf(entry)}
                columns={[
                  { head: 'Since', className: 'whitespace-nowrap align-top', cell: ({ entry }) => entry.from },
                  { head: 'From the', className: 'align-top', cell: ({ entry }) => <Badge tone={entry.layer === 'catalog' ? 'accent' : 'neutral'}>{entry.layer}</Badge> },
                  { head: 'For a million', cell: ({ entry, before }) => <Prices entry={entry} before={before} /> },
                  { head: 'Beside', className: 'align-top text-muted', cell: ({ entry }) => entry.variants.length === 0 ? '–' : `${entry.variants.length} ${entry.variants.length === 1 ? 'variant' : 'variants'} by tier, region or length` },
                  { head: 'Who says so', className: 'align-top text-xs text-muted', cell: ({ entry }) => entry.source ?? '–' },
                ]}
              />
            </div>
            <p className="mt-4 text-right"><Button onClick={onClose}>Close</Button></p>
          </>
        )}
      </Loaded>
    </Dialog>
  )
}

function Prices({ entry, before }: { readonly entry: Rate; readonly before: Rate | null }) {
  return (
    <ul className="space-y-0.5">
      {Object.entries(entry.per_million).map(([bucket, amount]) => {
        const was = before?.per_million[bucket]
        return (
          <li key={bucket}>
            <span className="text-muted">{words(bucket)}</span> {amount} {entry.currency}
            {was !== undefined && was !== amount && <span className="ml-1.5 text-xs text-accent">was {was}</span>}
          </li>
        )
      })}
    </ul>
  )
}

function Unpriced({ rows }: { readonly rows: readonly { readonly model: string; readonly first_at: string; readonly last_at: string; readonly events: number }[] }) {
  return (
    <Card className="mb-6" title={`${rows.length} ${rows.length === 1 ? 'model answers' : 'models answer'} without a price`} note="Their cost is unknown, never zero. Give them a rate in the catalog, or import a list that has it." flush>
      <Table
        label="Models without a price"
        rows={rows}
        rowKey={({ model }) => model}
        columns={[
          { head: 'Model', cell: ({ model }) => <span className="font-medium">{model}</span> },
          { head: 'First', cell: ({ first_at: at }) => <Time at={at} /> },
          { head: 'Last', cell: ({ last_at: at }) => <Time at={at} /> },
          { head: 'Events', isNumber: true, cell: ({ events }) => <Quantity value={String(events)} /> },
        ]}
      />
    </Card>
  )
}
