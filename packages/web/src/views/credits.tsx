// The wallet: its blocks with what is left and when it expires, in the order in which they are used.

import { day, roughly } from '../parts/format.ts'
import type { Balance } from '../api/operations.ts'
import { Gauge } from '../parts/controls.tsx'
import { isZero, shareOf } from '../parts/decimal.ts'
import { useSettings } from '../parts/settings.tsx'
import { Badge, Empty } from '../parts/surface.tsx'
import { Table } from '../parts/table.tsx'
import { Money, Time } from '../parts/values.tsx'
import { termOf, useWords } from '../words/words.tsx'

const SOON_MS = 14 * 86_400_000

export function Blocks({ balance, command }: { readonly balance: Balance; readonly command?: string }) {
  const { zone } = useSettings()
  const w = useWords()
  const { credits } = w
  const now = Date.parse(balance.as_of)
  const blocks = [...balance.blocks].sort((a, b) => Number(isZero(a.remaining)) - Number(isZero(b.remaining)) || roughly(b.remaining) - roughly(a.remaining))
  if (blocks.length === 0) return <Empty title={credits.none} {...(command === undefined ? {} : { command })}>{command === undefined ? undefined : credits.addFirst}</Empty>
  return (
    <Table
      label={credits.label}
      rows={blocks}
      rowKey={({ id }) => id}
      columns={[
        { head: credits.added, className: 'whitespace-nowrap', cell: ({ created_at }) => <Time at={created_at} /> },
        { head: credits.kind, cell: ({ category }) => <Badge tone={category === 'paid' ? 'accent' : 'good'}>{termOf(w, category)}</Badge> },
        ...(blocks.some(({ features }) => features.length > 0) ? [{ head: credits.paysFor, cell: ({ features }: (typeof blocks)[number]) => (features.length === 0 ? <span className="text-muted">{w.limits.everything}</span> : features.join(', ')) }] : []),
        { head: credits.left, isNumber: true, cell: ({ remaining, asset }) => <Money amount={remaining} currency={asset} /> },
        { head: credits.of, isNumber: true, cell: ({ granted, asset }) => <span className="text-muted"><Money amount={granted} currency={asset} /></span> },
        { head: <span className="sr-only">{credits.shareLeft}</span>, className: 'w-32', cell: ({ id, remaining, granted }) => <Gauge label={credits.leftOf(id)} share={shareOf(remaining, granted)} /> },
        {
          head: credits.expires,
          cell: ({ expires_at: at, remaining }) => {
            if (at === null) return <span className="text-muted">{w.common.never}</span>
            const rest = isZero(remaining) ? Infinity : Date.parse(at) - now
            return <span className={rest < SOON_MS ? 'text-warn' : ''}>{day(at, zone)} {rest <= 0 && <><Badge tone="warn">{credits.ended}</Badge><br /><span className="text-xs text-muted">{credits.endedTitle}</span></>}</span>
          },
        },
      ]}
    />
  )
}
