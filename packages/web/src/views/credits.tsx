// The wallet: its blocks with what is left and when it expires, in the order in which they are used.

import { day, roughly } from '../parts/format.ts'
import type { Balance } from '../api/operations.ts'
import { Gauge } from '../parts/controls.tsx'
import { isZero, shareOf } from '../parts/decimal.ts'
import { useSettings } from '../parts/settings.tsx'
import { Badge, Empty } from '../parts/surface.tsx'
import { Table } from '../parts/table.tsx'
import { Money, Time, useNow } from '../parts/values.tsx'

const SOON_MS = 14 * 86_400_000

export function Blocks({ balance, command }: { readonly balance: Balance; readonly command?: string }) {
  const { zone } = useSettings()
  const now = useNow(60_000)
  const blocks = [...balance.blocks].sort((a, b) => Number(isZero(a.remaining)) - Number(isZero(b.remaining)) || roughly(b.remaining) - roughly(a.remaining))
  if (blocks.length === 0) return <Empty title="No credits yet" {...(command === undefined ? {} : { command })}>{command === undefined ? undefined : 'Add the first ones:'}</Empty>
  return (
    <Table
      label="Credit blocks"
      rows={blocks}
      rowKey={({ id }) => id}
      columns={[
        { head: 'Added', className: 'whitespace-nowrap', cell: ({ created_at }) => <Time at={created_at} /> },
        { head: 'Kind', cell: ({ category }) => <Badge tone={category === 'paid' ? 'accent' : 'good'}>{category}</Badge> },
        ...(blocks.some(({ features }) => features.length > 0) ? [{ head: 'Pays for', cell: ({ features }: (typeof blocks)[number]) => (features.length === 0 ? <span className="text-muted">everything</span> : features.join(', ')) }] : []),
        { head: 'Left', isNumber: true, cell: ({ remaining, asset }) => <Money amount={remaining} currency={asset} /> },
        { head: 'Of', isNumber: true, cell: ({ granted, asset }) => <span className="text-muted"><Money amount={granted} currency={asset} /></span> },
        { head: <span className="sr-only">Share left</span>, className: 'w-32', cell: ({ id, remaining, granted }) => <Gauge label={`Left of ${id}`} share={shareOf(remaining, granted)} /> },
        {
          head: 'Expires',
          cell: ({ expires_at: at, remaining }) => (at === null ? <span className="text-muted">never</span> : <span className={!isZero(remaining) && Date.parse(at) - now < SOON_MS ? 'text-warn' : ''}>{day(at, zone)}</span>),
        },
      ]}
    />
  )
}
