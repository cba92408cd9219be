// Operations: keys, parked events.

import { useInfiniteQuery } from '@tanstack/react-query'
import { askPages } from '../../api/queries.ts'
import { Badge, Card, Empty, Loaded, PageHead } from '../../parts/surface.tsx'
import { More, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/values.tsx'
import { Keys } from '../customer/keys.tsx'

export function KeysPage() {
  return (
    <>
      <PageHead title="Keys" lead="Of your own people and programs, and of every customer." />
      <Keys customer={null} />
    </>
  )
}

export function ParkedPage() {
  const query = useInfiniteQuery(askPages('listParkedEvents', { query: { limit: 100 } }))
  return (
    <>
      <PageHead title="Parked events" lead="Usage that could not be settled: kept whole, charged to nobody, until a person decides. It never stops other usage." />
      <Card flush>
        <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty title="No event is parked">Everything that came could be settled.</Empty>
            ) : (
              <Table
                label="Parked events"
                rows={rows}
                rowKey={({ id }) => id}
                columns={[
                  { head: 'When', className: 'align-top whitespace-nowrap', cell: ({ parked_at: at }) => <Time at={at} /> },
                  { head: 'From', className: 'align-top', cell: ({ origin }) => <Badge>{origin}</Badge> },
                  { head: 'Customer', className: 'align-top', cell: ({ customer }) => customer ?? '–' },
                  { head: 'Why', cell: ({ reason, record }) => <><p>{reason}</p><pre tabIndex={0} className="mt-1 max-h-40 max-w-xl overflow-auto rounded-lg bg-sunken p-2 font-mono text-xs">{record}</pre></> },
                ]}
              />
            )
          }
        </Loaded>
        <More query={query} />
      </Card>
    </>
  )
}
