// A draft tried on past usage: who would pay less, who more, and what becomes of the margin. It runs on the server; the page may be left
// and finds it again by the address.

import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { SimulatedAmounts, SimulatedCustomer, Simulation } from '../../api/operations.ts'
import { ask, useWrite } from '../../api/queries.ts'
import { Button, Choice, Gauge } from '../../parts/controls.tsx'
import { isNegative, isZero } from '../../parts/decimal.ts'
import { day, percent, quantity } from '../../parts/format.ts'
import { useSettings } from '../../parts/settings.tsx'
import { Badge, Card, Empty, Failure, Loaded } from '../../parts/surface.tsx'
import { Table } from '../../parts/table.tsx'
import { Measure } from '../../parts/values.tsx'
import { useMay } from '../session.tsx'
import type { Overlay } from './publish.tsx'

const DAY_MS = 86_400_000
const REFRESH_MS = 1_000
const SPANS = [['7', 'The last 7 days'], ['30', 'The last 30 days'], ['90', 'The last 90 days']] as const

type SimulationProps = { readonly source: string; readonly overlays: readonly Overlay[]; /** Whether the draft can be read. */ readonly isReady: boolean; /** Id of the one to show. */ readonly shown: string | null }

export function SimulationCard({ source, overlays, isReady, shown }: SimulationProps) {
  const navigate = useNavigate()
  const [days, setDays] = useState('30')
  const may = useMay('finance')
  const start = useWrite('startSimulation', ({ id }) => void navigate({ to: '/catalog/edit', search: { simulation: id }, replace: true }))
  const run = () => {
    const to = Date.now()
    start.mutate({ body: { source, overlays, from: new Date(to - Number(days) * DAY_MS).toISOString(), to: new Date(to).toISOString() } })
  }
  return (
    <Card className="mt-6" title="Try it on past usage" note="Every stored event is rated under the draft, beside what was charged. It changes nothing." actions={may && <><Choice isBare label="Usage of" value={days} options={SPANS} onChange={(event) => setDays(event.target.value)} /><Button disabled={!isReady || start.isPending} onClick={run}>Simulate</Button></>}>
      {start.error !== null && <Failure error={start.error} />}
      {shown === null ? <p className="text-muted">Who would pay less, who more, and the margin, before anybody notices.</p> : <Run key={shown} id={shown} />}
    </Card>
  )
}

export function Run({ id }: { readonly id: string }) {
  const query = useQuery({ ...ask('getSimulation', { params: { simulation: id } }), refetchInterval: ({ state }) => (state.data === undefined || state.data.status === 'running' ? REFRESH_MS : false) })
  const cancel = useWrite('cancelSimulation')
  return (
    <Loaded query={query}>
      {(simulation) =>
        simulation.status === 'running' ? (
          <div role="status">
            <Gauge share={simulation.progress.events_expected === 0 ? 0 : simulation.progress.events / simulation.progress.events_expected} label="Part of the events that is rated" />
            <p className="mt-2 flex flex-wrap items-center justify-between gap-2 text-muted">
              {quantity(String(simulation.progress.events))} of about {quantity(String(simulation.progress.events_expected))} events, {simulation.progress.customers} of {simulation.progress.customers_expected} customers. You may leave this page.
              <Button onClick={() => cancel.mutate({ params: { simulation: id } })}>Cancel</Button>
            </p>
          </div>
        ) : simulation.result === null ? (
          <p><Badge tone="bad">{simulation.status}</Badge> {simulation.reason}</p>
        ) : (
          <Result simulation={simulation} result={simulation.result} />
        )
      }
    </Loaded>
  )
}

function Result({ simulation, result }: { readonly simulation: Simulation; readonly result: NonNullable<Simulation['result']> }) {
  const { zone } = useSettings()
  return (
    <>
      <p>
        {quantity(String(result.events))} events of {result.customers} {result.customers === 1 ? 'customer' : 'customers'}, {day(simulation.from, zone)} – {day(simulation.to, zone)}, against version {result.catalog_version}. <b className="font-medium">{result.customers_changed === 0 ? 'No bill changes.' : `${result.customers_changed} ${result.customers_changed === 1 ? 'bill changes' : 'bills change'}.`}</b>
        {result.customers_skipped > 0 && <span className="text-warn"> {result.customers_skipped} are on plans that the draft does not have.</span>}
        {result.events_unpriced > 0 && <span className="text-warn"> Of {result.events_unpriced} events the draft does not price something.</span>}
      </p>
      <div className="-mx-5 mt-3 border-y">
        <Table
          label="Totals"
          rows={result.totals}
          rowKey={({ asset }) => asset}
          columns={[
            { head: 'In', cell: ({ asset }) => asset },
            { head: 'Charged', isNumber: true, cell: ({ current, asset }) => <Measure value={current} unit={asset} /> },
            { head: 'Under the draft', isNumber: true, cell: ({ simulated, asset }) => <Measure value={simulated} unit={asset} /> },
            { head: 'Change', isNumber: true, cell: (row) => <Change amounts={row} /> },
            { head: 'Margin', isNumber: true, cell: ({ margin_current: margin, asset }) => (margin === null ? <span className="text-muted" title="Some cost is not known in this currency.">not known</span> : <Measure value={margin} unit={asset} />) },
            { head: 'Under the draft', isNumber: true, cell: ({ margin_simulated: margin, asset }) => (margin === null ? '–' : <Measure value={margin} unit={asset} />) },
          ]}
        />
      </div>
      <div className="mt-5 grid gap-6 lg:grid-cols-2">
        <Changed title="Who would pay more" rows={result.increases} />
        <Changed title="Who would pay less" rows={result.decreases} />
      </div>
    </>
  )
}

function Changed({ title, rows }: { readonly title: string; readonly rows: readonly SimulatedCustomer[] }) {
  return (
    <section className="min-w-0 rounded-lg border">
      <h3 className="px-4 py-2 text-sm font-semibold">{title}</h3>
      {rows.length === 0 ? (
        <Empty title="Nobody" />
      ) : (
        <Table
          label={title}
          rows={rows}
          rowKey={({ customer }) => customer}
          columns={[
            { head: 'Customer', cell: ({ customer, name }) => <Link to="/customers/$customer" params={{ customer }} className="hover:underline">{name}</Link> },
            { head: 'Plan', cell: ({ plan }) => <span className="text-muted">{plan}</span> },
            { head: 'Now', isNumber: true, cell: ({ amounts: [first] }) => first && <Measure value={first.current} unit={first.asset} className="text-muted" /> },
            { head: 'Change', isNumber: true, cell: ({ amounts: [first] }) => first && <Change amounts={first} /> },
          ]}
        />
      )}
    </section>
  )
}

function Change({ amounts: { change, current, asset } }: { readonly amounts: SimulatedAmounts }) {
  const share = isZero(current) ? null : Number(change) / Number(current)
  return (
    <span className={isZero(change) ? 'text-muted' : 'font-medium'}>
      {isNegative(change) || isZero(change) ? '' : '+'}<Measure value={change} unit={asset} />{share !== null && !isZero(change) && <span className="ml-1 text-xs text-muted">{share > 0 && '+'}{percent(share)}</span>}
    </span>
  )
}
