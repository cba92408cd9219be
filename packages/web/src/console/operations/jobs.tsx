// The background jobs of the control plane: what each is for, its last run, what its last failure said; and meters that count past events.

import { useQuery } from '@tanstack/react-query'
import { ask } from '../../api/queries.ts'
import { Gauge } from '../../parts/controls.tsx'
import { percent } from '../../parts/format.ts'
import { Badge, Card, Empty, Loaded, PageHead } from '../../parts/surface.tsx'
import { Table } from '../../parts/table.tsx'
import { Ago, Quantity, Time } from '../../parts/values.tsx'

const REFRESH_MS = 5_000

export function JobsPage() {
  const jobs = useQuery({ ...ask('listJobs', {}), refetchInterval: REFRESH_MS })
  const backfills = useQuery({ ...ask('listBackfills', {}), refetchInterval: REFRESH_MS })
  return (
    <>
      <PageHead title="Jobs" lead="What the control plane does by itself. A job that failed runs again at its next turn; figures are since its start." />
      <Card flush>
        <Loaded query={jobs} rows={8}>
          {({ data }) => (
            <Table
              label="Jobs"
              rows={[...data].sort((a, b) => b.failures - a.failures)}
              rowKey={({ name }) => name}
              columns={[
                { head: 'Job', cell: ({ name, says }) => <><span className="font-medium">{name}</span><br /><span className="text-xs text-muted">{says}</span></> },
                { head: 'Every', cell: ({ every_seconds: seconds }) => <span className="whitespace-nowrap text-muted">{intervalText(seconds)}</span> },
                { head: 'Last run', cell: ({ last_started_at: at, running }) => (running ? <Badge tone="accent">runs now</Badge> : at === null ? <span className="text-muted">not yet</span> : <Ago at={at} className="whitespace-nowrap text-muted" />) },
                { head: 'Took', isNumber: true, cell: ({ last_took_ms: took }) => <span className="text-muted">{took === null ? '–' : `${took} ms`}</span> },
                { head: 'Runs', isNumber: true, cell: ({ runs }) => <Quantity value={String(runs)} className="text-muted" /> },
                { head: 'Failures', isNumber: true, cell: ({ failures }) => (failures === 0 ? <span className="text-muted">0</span> : <Badge tone="bad">{failures}</Badge>) },
                { head: 'Last failure', cell: ({ last_failure: failure, last_failed_at: at }) => failure !== null && at !== null && <span className="text-xs text-bad"><Ago at={at} />: {failure}</span> },
              ]}
            />
          )}
        </Loaded>
      </Card>
      <Card className="mt-6" title="Meters that count past events" note="A meter that is added to the catalog counts what was recorded before it." flush>
        <Loaded query={backfills}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="No meter counts past events" />
            ) : (
              <Table
                label="Backfills"
                rows={data}
                rowKey={({ meter, started_at: at }) => `${meter} ${at}`}
                columns={[
                  { head: 'Meter', cell: ({ meter }) => <span className="font-medium">{meter}</span> },
                  { head: 'State', cell: ({ state }) => <Badge tone={state === 'done' ? 'good' : 'accent'}>{state}</Badge> },
                  { head: 'Customers', className: 'w-48', cell: ({ customers_done: done, customers_total: total }) => <Gauge share={total === 0 ? 1 : done / total} label={`${done} of ${total} customers, ${percent(total === 0 ? 1 : done / total)}`} /> },
                  { head: 'Events', isNumber: true, cell: ({ events }) => <Quantity value={String(events)} /> },
                  { head: 'Began', cell: ({ started_at: at }) => <Time at={at} /> },
                  { head: 'Ended', cell: ({ finished_at: at }) => (at === null ? '–' : <Time at={at} />) },
                ]}
              />
            )
          }
        </Loaded>
      </Card>
    </>
  )
}

function intervalText(seconds: number): string {
  const [size, word] = seconds >= 3_600 ? [3_600, 'h'] : seconds >= 60 ? [60, 'min'] : [1, 's']
  return `${seconds / size} ${word}`
}
