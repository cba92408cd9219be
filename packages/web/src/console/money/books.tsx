// The books of a month: revenue, cost and margin, every account rolled forward by what moved it, the checks that all of it agrees, and the
// journals for an accounting system.

import { useQueries, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { BooksMonth, RolledAccount } from '../../api/operations.ts'
import { ask } from '../../api/queries.ts'
import { Chart } from '../../parts/chart.tsx'
import { buttonLook, Choice, Field } from '../../parts/controls.tsx'
import { isNegative, isZero, shareOf, subtract } from '../../parts/decimal.ts'
import { axisMoney, day, money, percent, words } from '../../parts/format.ts'
import { useSettings } from '../../parts/settings.tsx'
import { Badge, Card, Empty, Figure, Figures, Loaded, PageHead } from '../../parts/surface.tsx'
import { Table } from '../../parts/table.tsx'
import { Money } from '../../parts/values.tsx'

const MONTHS_SHOWN = 6
const FORMATS = [['csv', 'CSV, for SAP and others'], ['netsuite-csv', 'NetSuite, as CSV'], ['netsuite-json', 'NetSuite, as JSON lines']] as const

export function BooksPage() {
  const [month, setMonth] = useState(() => new Date().toISOString().slice(0, 7))
  const query = useQuery({ ...ask('getBooks', { params: { month } }), enabled: /^\d{4}-\d{2}$/.test(month) })
  return (
    <>
      <PageHead title="Books" lead="Revenue, cost and margin of a month (UTC), every account by what moved it, and the checks that all of it agrees.">
        <div className="-mb-5"><Field label="Month" type="month" required value={month} max={new Date().toISOString().slice(0, 7)} onChange={(event) => setMonth(event.target.value)} /></div>
      </PageHead>
      <Loaded query={query} rows={8}>
        {(books) => (
          <div className="space-y-6">
            {books.books.length === 0 ? <Card><Empty title="Nothing was posted up to this month">Usage, invoices and credits appear here as they are posted.</Empty></Card> : books.books.map((one) => <Currency key={one.currency} month={books} book={one} />)}
            <Checks books={books} />
            <Journals month={month} />
          </div>
        )}
      </Loaded>
    </>
  )
}

function Currency({ month, book }: { readonly month: BooksMonth; readonly book: BooksMonth['books'][number] }) {
  const { currency, revenue, expenses, invoices, credit_notes: notes, accounts } = book
  const margin = subtract(revenue, expenses)
  return (
    <section aria-label={`Books in ${currency}`} className="space-y-6">
      <Figures label={`${month.month} in ${currency}`}>
        <Figure label={`Revenue in ${currency}`} value={<Money amount={revenue} currency={currency} />} note={month.is_running ? 'so far this month' : 'of the month'} />
        <Figure label="Cost" value={<Money amount={expenses} currency={currency} />} note="providers, and bad debt" />
        <Figure label="Margin" value={<Money amount={margin} currency={currency} />} note={isZero(revenue) || isNegative(revenue) || isNegative(margin) ? '' : `${percent(shareOf(margin, revenue))} of revenue, where unknown cost is none`} tone={isNegative(margin) ? 'bad' : 'neutral'} />
        <Figure label="Invoices" value={<Money amount={invoices.net} currency={currency} />} note={`${invoices.documents} ${invoices.documents === 1 ? 'document' : 'documents'}, without tax`} />
        <Figure label="Credit notes" value={<Money amount={notes.net} currency={currency} />} note={`${notes.documents} ${notes.documents === 1 ? 'document' : 'documents'}, without tax`} />
      </Figures>
      <Trend month={month.month} currency={currency} />
      <Card title={`Accounts in ${currency}`} note="What each stood at, what moved it, and what it stands at." flush>
        {accounts.length === 0 ? (
          <Empty title="No account moved" />
        ) : (
          <Table
            label={`Accounts in ${currency}`}
            rows={accounts}
            rowKey={({ account }) => account}
            columns={[
              { head: 'Account', className: 'align-top', cell: ({ name, code, account }) => <><span className="font-medium">{name}</span> <span className="text-xs text-faint">{code}</span><br /><code className="font-mono text-xs text-faint">{account}</code></> },
              { head: 'Kind', className: 'align-top', cell: ({ kind }) => <Badge>{kind}</Badge> },
              { head: 'Opening', isNumber: true, className: 'align-top', cell: ({ opening }) => <Money amount={opening} currency={currency} className="text-muted" /> },
              { head: 'Moved by', cell: (row) => <Movements row={row} currency={currency} /> },
              { head: 'Closing', isNumber: true, className: 'align-top', cell: ({ closing }) => <Money amount={closing} currency={currency} className="font-medium" /> },
            ]}
          />
        )}
      </Card>
    </section>
  )
}

function Movements({ row: { movements }, currency }: { readonly row: RolledAccount; readonly currency: string }) {
  if (movements.length === 0) return <span className="text-muted">nothing</span>
  return (
    <ul className="space-y-0.5">
      {movements.map(({ cause, name, amount }) => (
        <li key={cause} className="flex justify-between gap-6"><span className="text-muted">{name}</span> <Money amount={amount} currency={currency} /></li>
      ))}
    </ul>
  )
}

function monthsUpTo(month: string): readonly string[] {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return Array.from({ length: MONTHS_SHOWN }, (_, index) => new Date(Date.UTC(year, number - MONTHS_SHOWN + index, 1)).toISOString().slice(0, 7))
}

function Trend({ month, currency }: { readonly month: string; readonly currency: string }) {
  const { isExact } = useSettings()
  const months = monthsUpTo(month)
  const queries = useQueries({ queries: months.map((one) => ask('getBooks', { params: { month: one } })) })
  if (queries.some(({ data }) => data === undefined)) return null
  const values = (of: 'revenue' | 'expenses') => queries.map(({ data }) => data!.books.find((book) => book.currency === currency)?.[of] ?? '0')
  const name = (at: string) => new Intl.DateTimeFormat(navigator.languages as string[], { month: 'short', year: 'numeric', timeZone: 'UTC' }).format(new Date(`${at}-01T00:00:00Z`))
  return (
    <div className="grid gap-6 md:grid-cols-2">
      {([['Revenue by month', 'revenue', 1], ['Cost by month', 'expenses', 2]] as const).map(([title, of, colour]) => (
        <Card key={of} title={title}>
          <Chart label={`${title}, ${currency}`} times={months} height={150} series={[{ name: of === 'revenue' ? 'Revenue' : 'Cost', colour, values: values(of) }]} formatTime={(at) => (at === '' ? '' : name(at))} formatValue={(value) => money(value, currency, isExact)} formatAxis={(value) => axisMoney(value, currency)} />
        </Card>
      ))}
    </div>
  )
}

function Checks({ books }: { readonly books: BooksMonth }) {
  const { zone } = useSettings()
  return (
    <Card title={<>Does it agree? <Badge tone={books.agrees ? 'good' : 'bad'}>{books.agrees ? 'everything does' : 'something does not'}</Badge></>} note={books.closed_through === null ? 'No day is closed yet.' : `Closed up to ${day(`${books.closed_through}T12:00:00Z`, zone)}: those days never change.`} flush>
      <Table
        label="Checks"
        rows={books.checks}
        rowKey={({ name, currency }) => `${name} ${currency}`}
        columns={[
          { head: 'Held against each other', cell: ({ name }) => name },
          { head: 'Left', isNumber: true, cell: ({ left, currency }) => <Money amount={left} currency={currency} /> },
          { head: 'Right', isNumber: true, cell: ({ right, currency }) => <Money amount={right} currency={currency} /> },
          { head: 'Agrees', isNumber: true, cell: ({ agrees }) => <Badge tone={agrees ? 'good' : 'bad'}>{agrees ? 'agrees' : 'differs'}</Badge> },
        ]}
      />
    </Card>
  )
}

function Journals({ month }: { readonly month: string }) {
  const [format, setFormat] = useState<string>('csv')
  const [year, number] = month.split('-').map(Number) as [number, number]
  const last = new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10)
  return (
    <Card title="Journals" note="One balanced entry a day and cause, of the days that are closed, with ids that are the same in every export: importing twice posts nothing twice." actions={<><Choice isBare label="Format" value={format} options={FORMATS} onChange={(event) => setFormat(event.target.value)} /><a className={buttonLook()} download href={`/v1/exports/journals?${new URLSearchParams({ from: `${month}-01`, to: last, format }).toString()}`}>Save {words(month)}</a></>}>
      <p className="text-muted">The same comes from <code className="font-mono text-xs">tollgate export journals</code>.</p>
    </Card>
  )
}
