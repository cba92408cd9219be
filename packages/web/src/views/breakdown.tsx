// Where the usage of the running period came from, by day, model or feature. It is asked for over exactly the billing period, so that its
// sum is that of the invoice's usage.

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useRefresh } from '../api/live.tsx'
import type { UsageRow } from '../api/operations.ts'
import { ask } from '../api/queries.ts'
import { Choice } from '../parts/controls.tsx'
import { add, isZero } from '../parts/decimal.ts'
import { day } from '../parts/format.ts'
import { useSettings } from '../parts/settings.tsx'
import { Card, Empty, Loaded } from '../parts/surface.tsx'
import { Table } from '../parts/table.tsx'
import { Measure, Quantity } from '../parts/values.tsx'
import { termOf, useWords } from '../words/words.tsx'

type By = 'day' | 'model' | 'feature' | 'entity'
type Sum = { readonly key: string; readonly name: string; readonly amounts: ReadonlyMap<string, string>; readonly quantities: ReadonlyMap<string, string> }

export function Breakdown({ customer }: { readonly customer: string }) {
  const [by, setBy] = useState<By>('day')
  const w = useWords()
  const { breakdown, usage } = w
  const options: readonly (readonly [By, string])[] = [['day', usage.byDay], ['model', usage.byModel], ['feature', usage.byFeature], ['entity', usage.byTeam]]
  const { zone } = useSettings()
  const query = useQuery({ ...ask('getUsage', { params: { customer }, query: by === 'day' ? { granularity: 'day' } : { granularity: 'total', group_by: by } }), placeholderData: keepPreviousData })
  useRefresh([['getUsage']], (message) => message.type === 'usage.settled' && message.customer === customer)
  return (
    <Card className="mt-6" title={breakdown.title} note={breakdown.note} actions={<Choice isBare label={usage.group} value={by} options={options} onChange={(event) => setBy(event.target.value as By)} />} flush>
      <Loaded query={query} rows={4}>
        {({ data }) => {
          const rows = sumsOf(data, (row) => (row.start !== null && by === 'day' ? day(row.start, zone) : String(row[by as keyof UsageRow] ?? breakdown.notStated)))
          const assets = [...new Set(rows.flatMap(({ amounts }) => [...amounts.keys()]))]
          return rows.length === 0 ? (
            <Empty title={breakdown.none} />
          ) : (
            <Table
              label={breakdown.label}
              rows={rows}
              rowKey={({ key }) => key}
              columns={[
                { head: usage[by], cell: ({ name }) => <span className="font-medium">{name}</span> },
                { head: breakdown.used, className: 'text-muted', cell: ({ quantities }) => [...quantities].filter(([, value]) => !isZero(value)).slice(0, 4).map(([meter, value]) => <span key={meter} className="mr-3 whitespace-nowrap"><Quantity value={value} /> {termOf(w, meter)}</span>) },
                ...assets.map((asset) => ({ head: breakdown.charged, isNumber: true, cell: ({ amounts }: Sum) => <Measure value={amounts.get(asset) ?? '0'} unit={asset} /> })),
              ]}
              foot={
                <tr>
                  <th scope="row" colSpan={2} className="px-3 py-2 pl-5 text-left font-medium">{breakdown.together}</th>
                  {assets.map((asset) => <td key={asset} className="px-3 py-2 pr-5 text-right"><Measure value={rows.reduce((sum, { amounts }) => add(sum, amounts.get(asset) ?? '0'), '0')} unit={asset} /></td>)}
                </tr>
              }
            />
          )
        }}
      </Loaded>
    </Card>
  )
}

/** One row for each name. */
function sumsOf(data: readonly UsageRow[], nameOf: (row: UsageRow) => string): readonly Sum[] {
  const sums = new Map<string, Sum>()
  for (const row of data) {
    const name = nameOf(row)
    const known = sums.get(name) ?? { key: name, name, amounts: new Map(), quantities: new Map() }
    sums.set(name, {
      ...known,
      amounts: new Map([...known.amounts, [row.currency, add(known.amounts.get(row.currency) ?? '0', row.amount)]]),
      quantities: new Map([...known.quantities, [row.meter, add(known.quantities.get(row.meter) ?? '0', row.quantity)]]),
    })
  }
  return [...sums.values()]
}
