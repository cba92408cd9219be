// Every customer: searched on the server, a page at a time, and only the rows that are seen are drawn.

import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useDeferredValue, useEffect, useRef, useState } from 'react'
import { call, type Answer } from '../api/client.ts'
import { askPages } from '../api/queries.ts'
import type { Customer } from '../api/operations.ts'
import { Button, Search } from '../parts/controls.tsx'
import { Badge, Empty, Failure, Loading, PageHead, standingTone } from '../parts/surface.tsx'
import { Time } from '../parts/values.tsx'
import { Bulk, BULK_MAX } from './bulk.tsx'
import { useMay } from './session.tsx'

const ROW_PX = 49
const PAGE = 100
/** Rows below the last seen one at which the next page is asked for. */
const AHEAD = 30

export function CustomersPage() {
  const { search = '' } = useSearch({ from: '/customers' })
  const navigate = useNavigate()
  const [text, setText] = useState(search)
  const wanted = useDeferredValue(text.trim())
  useEffect(() => {
    const timer = setTimeout(() => void navigate({ to: '/customers', search: wanted === '' ? {} : { search: wanted }, replace: true }), 250)
    return () => clearTimeout(timer)
  }, [wanted, navigate])
  const query = useInfiniteQuery(askPages('listCustomers', { query: { limit: PAGE, ...(search === '' ? {} : { search }) } }))
  const rows = query.data?.pages.flatMap(({ data }) => data) ?? []
  const [picked, setPicked] = useState<ReadonlyMap<string, Customer>>(new Map())
  const [isActing, setActing] = useState(false)
  const mayAct = useMay('support', 'finance')
  const toggle = (customer: Customer) => setPicked((now) => { const next = new Map(now); if (!next.delete(customer.id)) next.set(customer.id, customer); return next })
  const pickAll = async () => {
    const all = new Map<string, Customer>()
    for (let cursor: string | null = ''; cursor !== null && all.size < BULK_MAX; ) {
      const page: Answer<'listCustomers'> = await call('listCustomers', { query: { limit: PAGE, ...(search === '' ? {} : { search }), ...(cursor === '' ? {} : { cursor }) } })
      for (const one of page.data) if (all.size < BULK_MAX) all.set(one.id, one)
      cursor = page.next_cursor
    }
    setPicked(all)
  }
  return (
    <>
      <PageHead title="Customers">
        <Search label="Search by name or id" value={text} onChange={(event) => setText(event.target.value)} />
      </PageHead>
      {mayAct && rows.length > 0 && (
        <p className="mb-3 flex flex-wrap items-center gap-3 text-muted">
          <span aria-live="polite">{picked.size === 0 ? 'Pick customers to do one thing for all of them.' : `${picked.size} picked.`}</span>
          <Button className="h-7 px-2 text-xs" onClick={() => void pickAll()}>{search === '' ? 'Pick all' : 'Pick all that are found'}</Button>
          {picked.size > 0 && <><Button className="h-7 px-2 text-xs" onClick={() => setPicked(new Map())}>Pick none</Button><Button look="primary" className="h-7 px-2 text-xs" onClick={() => setActing(true)}>Do for all {picked.size} …</Button></>}
        </p>
      )}
      {isActing && <Bulk customers={[...picked.values()]} onClose={() => setActing(false)} />}
      <div className="rounded-xl border bg-surface">
        {query.isPending ? <div className="p-5"><Loading rows={8} /></div> : query.error !== null && rows.length === 0 ? <div className="p-5"><Failure error={query.error} retry={() => void query.refetch()} /></div> : rows.length === 0 ? <NoCustomers search={search} /> : <Rows rows={rows} picked={picked} onToggle={mayAct ? toggle : null} hasMore={query.hasNextPage} more={() => { if (!query.isFetchingNextPage) void query.fetchNextPage() }} />}
      </div>
    </>
  )
}

type RowsProps = { readonly rows: readonly Customer[]; readonly picked: ReadonlyMap<string, Customer>; readonly onToggle: ((customer: Customer) => void) | null; readonly hasMore: boolean; readonly more: () => void }

function Rows({ rows, picked, onToggle, hasMore, more }: RowsProps) {
  const list = useRef<HTMLDivElement>(null)
  const virtualizer = useWindowVirtualizer({ count: rows.length, estimateSize: () => ROW_PX, overscan: 12, scrollMargin: list.current?.offsetTop ?? 0 })
  const items = virtualizer.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (hasMore && last >= rows.length - AHEAD) more()
  }, [last, rows.length, hasMore, more])
  return (
    <div role="table" aria-label="Customers" aria-rowcount={hasMore ? -1 : rows.length}>
      <div role="row" className="grid grid-cols-[minmax(0,3fr)_minmax(0,1fr)_5.5rem] gap-4 border-b px-5 py-2 text-xs font-medium text-faint sm:grid-cols-[minmax(0,3fr)_minmax(0,1fr)_6rem_10rem]">
        <span role="columnheader">Customer</span>
        <span role="columnheader">Plan</span>
        <span role="columnheader">Standing</span>
        <span role="columnheader" className="hidden sm:block">Since</span>
      </div>
      <div ref={list} role="rowgroup" className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index]!
          return (
            <div key={row.id} role="row" aria-rowindex={item.index + 1} className="absolute inset-x-0 top-0 grid grid-cols-[minmax(0,3fr)_minmax(0,1fr)_5.5rem] items-center gap-4 border-b px-5 hover:bg-hover sm:grid-cols-[minmax(0,3fr)_minmax(0,1fr)_6rem_10rem]" style={{ height: ROW_PX, transform: `translateY(${item.start - virtualizer.options.scrollMargin}px)` }}>
              <span role="cell" className="flex min-w-0 items-center gap-3">
                {onToggle !== null && <input type="checkbox" aria-label={`Pick ${row.name}`} className="relative z-10 size-4 shrink-0 accent-accent" checked={picked.has(row.id)} onChange={() => onToggle(row)} />}
                <span className="min-w-0">
                  <Link to="/customers/$customer" params={{ customer: row.id }} className="block truncate font-medium after:absolute after:inset-0">
                    {row.name}
                  </Link>
                  <span className="block truncate text-xs text-faint">{row.external_id ?? row.id}</span>
                </span>
              </span>
              <span role="cell" className="truncate text-muted">{row.plan}</span>
              <span role="cell"><Badge tone={standingTone(row.standing)}>{row.standing}</Badge></span>
              <span role="cell" className="hidden truncate text-muted sm:block"><Time at={row.created_at} /></span>
            </div>
          )
        })}
      </div>
    </div>
  )
}

function NoCustomers({ search }: { readonly search: string }) {
  if (search !== '') return <Empty title={`No customer's name or id holds “${search}”`} />
  return (
    <Empty title="No customers yet" command={`curl ${location.origin}/v1/customers \\\n  -H "Authorization: Bearer $ADMIN_KEY" -H "Content-Type: application/json" \\\n  -d '{"name":"Acme Inc.","plan":"prepaid"}'`}>
      Create the first one:
    </Empty>
  )
}
