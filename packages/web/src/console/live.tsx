// What happens, as it happens.

import { useState } from 'react'
import { useLive } from '../api/live.tsx'
import type { LiveMessage } from '../api/stream.ts'
import { words } from '../parts/format.ts'
import { Card, Empty, PageHead } from '../parts/surface.tsx'
import { Table } from '../parts/table.tsx'
import { Time } from '../parts/values.tsx'

const KEPT = 200

export function LivePage() {
  const [messages, setMessages] = useState<readonly LiveMessage[]>([])
  useLive((next) => setMessages((now) => [...next.toReversed(), ...now].slice(0, KEPT)))
  return (
    <>
      <PageHead title="Live" lead="Decisions, settlements and changes, as they happen." />
      <Card flush>
        {messages.length === 0 ? (
          <Empty title="Nothing has happened since this page was opened" />
        ) : (
          <Table
            label="What happened, newest first"
            rows={messages}
            rowKey={({ id }) => id}
            columns={[
              { head: 'When', cell: ({ at }) => <Time at={at} /> },
              { head: 'What', cell: ({ type }) => words(type) },
              { head: 'Customer', cell: ({ customer }) => customer },
            ]}
          />
        )}
      </Card>
    </>
  )
}
