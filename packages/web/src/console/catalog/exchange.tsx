// Exchange rates by day: what one currency was worth in another, who says so, and the import of a file or a single rate. A day keeps the
// rate that it was imported with.

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Answer } from '../../api/client.ts'
import { ask, useWrite } from '../../api/queries.ts'
import { Button, Dialog, DialogForm, Field, Filter } from '../../parts/controls.tsx'
import { FilePicker } from '../../parts/file-picker.tsx'
import { quantity } from '../../parts/format.ts'
import { Card, Empty, Loaded, PageHead } from '../../parts/surface.tsx'
import { Table } from '../../parts/table.tsx'
import { useMay } from '../session.tsx'

const ROWS = 1_000
const today = () => new Date().toISOString().slice(0, 10)

export function ExchangePage() {
  const [currency, setCurrency] = useState('')
  const [from, setFrom] = useState('')
  const [act, setAct] = useState<'file' | 'one' | null>(null)
  const wanted = /^[A-Z]{3}$/.test(currency) ? { currency } : {}
  const query = useQuery({ ...ask('listExchangeRates', { query: { limit: ROWS, ...wanted, ...(from === '' ? {} : { from }) } }), placeholderData: keepPreviousData })
  const isAdmin = useMay()
  return (
    <>
      <PageHead title="Exchange rates" lead="They join the provider's cost and your prices where the two are in different currencies. The rate of a day holds until the next one, for at most a week.">
        {isAdmin && <><Button onClick={() => setAct('one')}>Add a rate</Button><Button look="primary" onClick={() => setAct('file')}>Import a file</Button></>}
      </PageHead>
      <div className="mb-2 flex flex-wrap items-end gap-2">
        <div className="mb-5"><Filter label="Currency" value={currency} onChange={(text) => setCurrency(text.toUpperCase())} /></div>
        <Field label="From day (UTC)" type="date" max={today()} value={from} onChange={(event) => setFrom(event.target.value)} />
      </div>
      <Card flush>
        <Loaded query={query} rows={6}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title={currency === '' && from === '' ? 'No rate of the last 60 days' : 'No rate fits'} command="tollgate exchange import eurofxref-hist.xml">The reference rates of the European Central Bank, or CSV of your own, imported here or from a shell:</Empty>
            ) : (
              <>
                <Table
                  isLong
                  label="Exchange rates, newest first"
                  rows={data}
                  rowKey={({ day, base, quote }) => `${day} ${base} ${quote}`}
                  columns={[
                    { head: 'Day', className: 'whitespace-nowrap', cell: ({ day }) => <time dateTime={day}>{day}</time> },
                    { head: 'One', cell: ({ base }) => <span className="font-medium">{base}</span> },
                    { head: 'Was worth', isNumber: true, cell: ({ rate }) => <data value={rate}>{rate}</data> },
                    { head: 'Of these', cell: ({ quote }) => quote },
                    { head: 'Says', cell: ({ source }) => <span className="text-muted">{source}</span> },
                  ]}
                />
                {data.length === ROWS && <p className="border-t p-3 text-center text-xs text-muted">The newest {quantity(String(ROWS))}: choose a currency or a later day to see others.</p>}
              </>
            )
          }
        </Loaded>
      </Card>
      {act === 'file' && <ImportFile onClose={() => setAct(null)} />}
      {act === 'one' && <AddRate onClose={() => setAct(null)} />}
    </>
  )
}

function ImportFile({ onClose }: { readonly onClose: () => void }) {
  const [content, setContent] = useState<string | null>(null)
  const [source, setSource] = useState('')
  const write = useWrite('importExchangeRates')
  if (write.data !== undefined) return <Imported result={write.data} onClose={onClose} />
  return (
    <Dialog isOpen onClose={onClose} title="Import exchange rates" lead="The reference rates of the European Central Bank as XML or CSV, a day or all history, or CSV of day,base,quote,rate.">
      <DialogForm submit="Import" onSubmit={() => content !== null && write.mutate({ body: { content, ...(source === '' ? {} : { source }) } })} onCancel={onClose} isBusy={write.isPending} isReady={content !== null} error={write.error}>
        <FilePicker label="File" accept=".xml,.csv" onChoose={async ([file]) => setContent(file === undefined ? null : await file.text())} />
        <Field label="Source" maxLength={40} hint="Who says so; told by the file, if left empty." value={source} onChange={(event) => setSource(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}

function AddRate({ onClose }: { readonly onClose: () => void }) {
  const [day, setDay] = useState(today)
  const [base, setBase] = useState('EUR')
  const [quote, setQuote] = useState('USD')
  const [rate, setRate] = useState('')
  const [source, setSource] = useState('')
  const write = useWrite('importExchangeRates')
  if (write.data !== undefined) return <Imported result={write.data} onClose={onClose} />
  const submit = () => write.mutate({ body: { content: `day,base,quote,rate\n${day},${base},${quote},${rate}\n`, ...(source === '' ? {} : { source }) } })
  return (
    <Dialog isOpen onClose={onClose} title="Add the rate of a day" lead="It holds from that day on and is never changed: what was charged by it must be found again.">
      <DialogForm submit="Add" onSubmit={submit} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label="Day (UTC)" type="date" required max={today()} value={day} onChange={(event) => setDay(event.target.value)} />
          <Field label="Source" maxLength={40} hint="Who says so." value={source} onChange={(event) => setSource(event.target.value)} />
          <Field label="One" required pattern="[A-Z]{3}" value={base} onChange={(event) => setBase(event.target.value.toUpperCase())} />
          <Field label="Of these" required pattern="[A-Z]{3}" value={quote} onChange={(event) => setQuote(event.target.value.toUpperCase())} />
          <Field label="Was worth" required inputMode="decimal" pattern="\d+(\.\d{1,9})?" hint={`One ${base} in ${quote}.`} value={rate} onChange={(event) => setRate(event.target.value)} />
        </div>
      </DialogForm>
    </Dialog>
  )
}

function Imported({ result: { source, read, added, differing, catalog_version: version }, onClose }: { readonly result: Answer<'importExchangeRates'>; readonly onClose: () => void }) {
  return (
    <Dialog isOpen onClose={onClose} title={`${quantity(String(added))} ${added === 1 ? 'rate' : 'rates'} added`} lead={`${quantity(String(read))} were read, of ${source}.${version === null ? '' : ` Every gateway goes by them, as version ${version} of the catalog.`}`}>
      {differing.length > 0 && (
        <div role="alert" className="rounded-lg border border-warn/40 bg-warn-soft px-4 py-3">
          <p className="font-medium">The file says otherwise than was imported; the first stand.</p>
          <ul className="mt-1 list-disc pl-5 text-muted">{differing.map(({ day, base, quote, rate }) => <li key={`${day} ${base} ${quote}`}>{day}: 1 {base} = {rate} {quote}</li>)}</ul>
        </div>
      )}
      <p className="mt-4 text-right"><Button onClick={onClose}>Close</Button></p>
    </Dialog>
  )
}
