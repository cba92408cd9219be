// The state of the system: gateways, settlement, database, and whether a customer's books agree.

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { ask } from '../../api/queries.ts'
import { Button, Field } from '../../parts/controls.tsx'
import { roughly } from '../../parts/format.ts'
import { Badge, Card, Empty, Failure, Figure, Figures, Loaded, PageHead } from '../../parts/surface.tsx'
import { Table } from '../../parts/table.tsx'
import { Duration, Quantity, Time } from '../../parts/values.tsx'

const MEBIBYTE = 1024 * 1024

export function SystemPage() {
  const system = useQuery({ ...ask('getSystem', {}), refetchInterval: 5_000 })
  const health = useQuery({ ...ask('healthz', {}), refetchInterval: 30_000 })
  return (
    <>
      <PageHead title="System" lead={health.data === undefined ? undefined : `Tollgate ${health.data.version}`} />
      <Loaded query={system} rows={6}>
        {({ nodes, database, waiting, parked }) => (
          <>
            <Figures label="State">
              <Figure label="Gateways" value={nodes.filter(({ connected }) => connected).length} note="connected" tone={nodes.some(({ connected }) => connected) ? 'neutral' : 'bad'} />
              <Figure label="Waiting" value={<Quantity value={String(waiting)} />} note="events to be settled" tone={waiting > 5_000 ? 'warn' : 'neutral'} />
              <Figure label="Parked" value={<Quantity value={String(parked)} />} note="events for a person" tone={parked > 0 ? 'warn' : 'neutral'} />
              <Figure label="Events" value={<Quantity value={database.events} />} note="settled since the beginning" />
              <Figure label="Database" value={<><Quantity value={(roughly(database.bytes) / MEBIBYTE).toFixed(1)} /> MiB</>} note={`PostgreSQL ${database.version}`} />
            </Figures>
            <Card title="Gateways" note="Each decides from budget that it was lent." flush>
              {nodes.length === 0 ? (
                <Empty title="No gateway has registered" command="npm run tollgate -- gateway" />
              ) : (
                <Table
                  label="Gateways"
                  rows={nodes}
                  rowKey={({ id }) => id}
                  columns={[
                    { head: 'Node', cell: ({ id }) => <span className="font-medium">{id}</span> },
                    { head: 'State', cell: ({ connected }) => (connected ? <Badge tone="good">connected</Badge> : <Badge tone="warn">away</Badge>) },
                    { head: 'Start', isNumber: true, cell: ({ incarnation }) => `number ${incarnation}` },
                    { head: 'Since', cell: ({ registered_at: at }) => <span className="text-muted"><Time at={at} /></span> },
                    { head: 'Decisions', isNumber: true, cell: ({ decision_p99_ms: ms }) => <span title="99 of 100 of the last five minutes took no longer."><Duration ms={ms} /></span> },
                    { head: 'Authority', isNumber: true, cell: ({ authority_p99_ms: ms }) => <span title="99 of 100 calls of the last five minutes took no longer."><Duration ms={ms} /></span> },
                    { head: 'Journal', cell: ({ journal_writing: writing, journal_waiting_bytes: bytes }) => (writing === null || bytes === null ? '–' : !writing ? <Badge tone="bad">cannot be written</Badge> : bytes === 0 ? <span className="text-muted">settled</span> : <><Quantity value={String(bytes)} /> bytes wait</>) },
                    { head: 'Budgets held', isNumber: true, cell: ({ leases }) => <Quantity value={String(leases)} /> },
                  ]}
                />
              )}
            </Card>
          </>
        )}
      </Loaded>
      <Sums />
    </>
  )
}

function Sums() {
  const [customer, setCustomer] = useState('')
  const check = useMutation({ mutationFn: (id: string) => call('checkSums', { params: { customer: id } }) })
  return (
    <Card className="mt-6" title="Do the books agree?" note="Every table that knows a figure of a customer is asked for it, and they are compared exactly.">
      <form
        className="flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          check.mutate(customer.trim())
        }}
      >
        <div className="w-72"><Field label="Customer id" required value={customer} onChange={(event) => setCustomer(event.target.value)} /></div>
        <Button type="submit" className="mb-5" disabled={check.isPending}>Check</Button>
      </form>
      {check.error !== null && <Failure error={check.error} />}
      {check.data !== undefined && (
        <div role="status">
          <p><Badge tone={check.data.agrees ? 'good' : 'bad'}>{check.data.agrees ? 'everything agrees' : 'something differs'}</Badge> over {check.data.events} events</p>
          {check.data.differences.length > 0 && <ul className="mt-2 list-disc pl-5 text-bad">{check.data.differences.map((text) => <li key={text}>{text}</li>)}</ul>}
          <dl className="mt-3 grid grid-cols-[auto_1fr] gap-x-8 gap-y-1 text-xs">
            {Object.entries(check.data.sums).map(([name, value]) => (
              <div key={name} className="contents">
                <dt className="text-muted">{name.replaceAll('_', ' ')}</dt>
                <dd className="font-mono">{value}</dd>
              </div>
            ))}
          </dl>
        </div>
      )}
    </Card>
  )
}
