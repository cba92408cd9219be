// The members of a budget that is for each user: who used how much, and who has a limit of their own. An administrator sets it.

import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Budget } from '../api/operations.ts'
import { askPages, useWrite } from '../api/queries.ts'
import { Button, Dialog, Field, Gauge, toneOf } from '../parts/controls.tsx'
import { isZero, shareOf } from '../parts/decimal.ts'
import { percent } from '../parts/format.ts'
import { Empty, Failure, Loaded } from '../parts/surface.tsx'
import { More, Table } from '../parts/table.tsx'
import { Measure } from '../parts/values.tsx'
import { termOf, useWords } from '../words/words.tsx'

type MembersProps = { readonly customer: string; readonly budget: Budget; readonly mayEdit: boolean; readonly nameOf: (id: string) => string; readonly onClose: () => void }

export function Members({ customer, budget, mayEdit, nameOf, onClose }: MembersProps) {
  const query = useInfiniteQuery(askPages('listBudgets', { params: { customer }, query: { members_of: budget.id, limit: 100 } }))
  const [member, setMember] = useState('')
  const w = useWords()
  const { members: said } = w
  const [limit, setLimit] = useState('')
  const write = useWrite('putBudgetMember', () => setLimit(''))
  const set = (value: string, wanted: string | null) => write.mutate({ params: { customer, budget: budget.id.replace(/^cap:/, '') }, body: { values: value.split(',').map((one) => one.trim()), limit: wanted } })
  return (
    <Dialog isOpen isWide onClose={onClose} title={said.title(budget.name)} lead={<>{said.lead} <Measure value={budget.limit} unit={budget.unit} /> {w.windows[budget.window]}{said.unless}</>}>
      <div className="-mx-6 max-h-80 overflow-auto border-y">
        <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty title={said.none} />
            ) : (
              <Table
                label={said.label}
                rows={rows}
                rowKey={({ id }) => id}
                columns={[
                  { head: said.member, cell: (row) => <span className="font-medium">{nameOf(memberOf(row, budget))}</span> },
                  { head: said.used, isNumber: true, cell: ({ used, unit }) => (isZero(used) ? <span className="text-muted">{said.unused}</span> : <Measure value={used} unit={unit} />) },
                  { head: said.of, isNumber: true, cell: (row) => <span className={row.limit === budget.limit ? 'text-muted' : 'font-medium'}><Measure value={row.limit} unit={row.unit} /></span> },
                  { head: <span className="sr-only">{w.common.share}</span>, className: 'w-40', cell: (row) => { const share = shareOf(row.used, row.limit); return <Gauge share={share} tone={toneOf(share)} label={said.usedOf({ name: nameOf(memberOf(row, budget)), share: percent(share) })} /> } },
                  { head: <span className="sr-only">{w.common.actions}</span>, isNumber: true, cell: (row) => mayEdit && row.limit !== budget.limit && <Button className="h-7 px-2 text-xs" onClick={() => set(memberOf(row, budget), null)}>{said.common}</Button> },
                ]}
              />
            )
          }
        </Loaded>
        <More query={query} />
      </div>
      {mayEdit && (
        <form
          className="mt-4 flex flex-wrap items-end gap-3"
          onSubmit={(event) => {
            event.preventDefault()
            set(member, limit)
          }}
        >
          <div className="w-56"><Field label={w.common.and(budget.per.map((one) => termOf(w, one)))} required hint={budget.per.length > 1 ? said.joined : said.itsId} value={member} onChange={(event) => setMember(event.target.value)} /></div>
          <div className="w-40"><Field label={said.limitIn(budget.unit)} required inputMode="decimal" pattern="\d+(\.\d+)?" value={limit} onChange={(event) => setLimit(event.target.value)} /></div>
          <Button type="submit" className="mb-5" disabled={write.isPending}>{said.set}</Button>
        </form>
      )}
      {write.data !== undefined && <p role="status" className="text-muted">{nameOf(memberOf(write.data, budget))} {said.has} <Measure value={write.data.limit} unit={write.data.unit} /> {said.fromNow}</p>}
      {write.error !== null && <Failure error={write.error} />}
      <p className="mt-4 text-right"><Button onClick={onClose}>{w.common.close}</Button></p>
    </Dialog>
  )
}

/** The id of a member's budget is that of the template with its values behind it. */
function memberOf({ id }: Budget, template: Budget): string {
  return id.startsWith(template.id) ? id.slice(template.id.length).replace(/^[^\w]+/, '') : id
}
