// Usage that was charged by a wrong price, rated again under the right one: a span and a version are chosen, what would be different is
// looked at entry by entry, and only then posted, by whoever says how many customers it touches. It runs on the server; the page may be left.

import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Rerating } from '../../api/operations.ts'
import { askPages } from '../../api/queries.ts'
import { Button } from '../../parts/controls.tsx'
import { day } from '../../parts/format.ts'
import { useSettings } from '../../parts/settings.tsx'
import { Badge, Card, Empty, Loaded, PageHead, type Tone } from '../../parts/surface.tsx'
import { More, Table } from '../../parts/table.tsx'
import { Measure, Time } from '../../parts/values.tsx'
import { useMay } from '../session.tsx'
import { StartRerating } from './start-rerating.tsx'

const TONES: Readonly<Record<Rerating['state'], Tone>> = { running: 'accent', previewed: 'warn', posting: 'accent', posted: 'good', failed: 'bad', cancelled: 'neutral' }

export function ReratingState({ state }: Pick<Rerating, 'state'>) {
  return <Badge tone={TONES[state]}>{state === 'previewed' ? 'to be posted' : state}</Badge>
}

export function ReratingsPage() {
  const query = useInfiniteQuery({ ...askPages('listReratings', { query: { limit: 50 } }), refetchInterval: 5_000 })
  const [isStarting, setStarting] = useState(false)
  const { zone } = useSettings()
  const isAdmin = useMay()
  return (
    <>
      <PageHead title="Re-rating" lead="A price was wrong for a while: rate that usage again under the right one, see whom it touches, and post the difference. What was charged and sent stays as it is.">
        {isAdmin && <Button look="primary" onClick={() => setStarting(true)}>Look at a span</Button>}
      </PageHead>
      <Card flush>
        <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty title="Nothing was rated again" command={"tollgate rerate --from 2026-10-10 --to 2026-11-01 --reason 'output was priced as input'"}>Correct the catalog first, then look at the span here or from a shell:</Empty>
            ) : (
              <Table
                label="Re-ratings"
                rows={rows}
                rowKey={({ id }) => id}
                columns={[
                  { head: 'Usage of', className: 'whitespace-nowrap', cell: ({ id, from, to }) => <Link to="/catalog/reratings/$rerating" params={{ rerating: id }} className="font-medium hover:underline">{day(from, zone)} – {day(to, zone)}</Link> },
                  { head: 'Why', className: 'max-w-64 truncate text-muted', cell: ({ reason }) => <span title={reason}>{reason}</span> },
                  { head: 'By', cell: ({ catalog_version: version }) => <span className="whitespace-nowrap text-muted">{version === null ? 'a text' : `version ${version}`}</span> },
                  { head: 'Difference', isNumber: true, cell: ({ totals }) => (totals.length === 0 ? <span className="text-muted">none</span> : totals.map(({ currency, state, difference }) => <div key={`${currency} ${state}`}><Measure value={difference} unit={currency} /></div>)) },
                  { head: 'State', cell: ({ state }) => <ReratingState state={state} /> },
                  { head: 'Started', className: 'whitespace-nowrap', cell: ({ created_at: at, created_by: by }) => <span title={by} className="text-muted"><Time at={at} /></span> },
                ]}
              />
            )
          }
        </Loaded>
        <More query={query} />
      </Card>
      {isStarting && <StartRerating onClose={() => setStarting(false)} />}
    </>
  )
}
