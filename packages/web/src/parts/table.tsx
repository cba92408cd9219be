// Tables: one look, numbers to the right, scrolling inside of themselves on a narrow screen. Of a long one only the rows that are seen are drawn.

import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useEffectEvent, useLayoutEffect, useRef, useState, type CSSProperties, type ReactNode, type RefObject } from 'react'
import { join } from './surface.tsx'
import { useWords } from '../words/words.tsx'

export type Column<Row> = {
  readonly head: ReactNode
  readonly cell: (row: Row) => ReactNode
  readonly isNumber?: boolean
  readonly className?: string
}

type TableProps<Row> = {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly isNew?: (row: Row) => boolean
  /** What stands below a row, over all columns. */
  readonly detail?: (row: Row) => ReactNode
  /** It is the list of its page and may have thousands of rows. Not for a table that scrolls inside of something. */
  readonly isLong?: boolean
  readonly foot?: ReactNode
}

const ROW_PX = 38
const OVERSCAN = 20
/** As many are drawn without a thought. */
const LONG_FROM = 80

export function Table<Row>({ label, columns, rows, rowKey, isNew, detail, isLong = false, foot }: TableProps<Row>) {
  const host = useRef<HTMLDivElement>(null)
  const isPart = isLong && rows.length > LONG_FROM
  const top = useTop(host, isPart)
  const widths = useWidths(host, isPart)
  const virtualizer = useWindowVirtualizer({ count: rows.length, enabled: isPart, estimateSize: () => ROW_PX, overscan: OVERSCAN, scrollMargin: top, getItemKey: (index) => rowKey(rows[index]!) })
  const items = isPart ? virtualizer.getVirtualItems() : null
  const row = (one: Row) => <BodyRow key={rowKey(one)} row={one} columns={columns} isNew={isNew?.(one) ?? false} detail={detail?.(one)} isCut={widths !== null} />
  return (
    <div ref={host} className="relative overflow-x-auto" tabIndex={0} role="region" aria-label={label}>
      <table className="w-full border-collapse text-left" style={widths === null ? undefined : { tableLayout: 'fixed' }} {...(isPart ? { 'aria-rowcount': rows.length + 1 } : {})}>
        <caption className="sr-only">{label}</caption>
        <thead>
          <tr className="border-b text-xs text-faint">
            {columns.map((column, index) => (
              <th key={index} scope="col" style={widths === null ? undefined : { width: widths[index] }} className={join('px-3 py-2 font-medium whitespace-nowrap first:pl-5 last:pr-5', column.isNumber && 'text-right')}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        {items === null ? (
          <tbody className="[&>tr:last-child]:border-b-0">{rows.map(row)}</tbody>
        ) : (
          <>
            <Gap height={(items[0]?.start ?? top) - top} columns={columns.length} />
            {items.map(({ index, key }) => <tbody key={key} data-index={index} ref={virtualizer.measureElement} aria-rowindex={index + 2}>{row(rows[index]!)}</tbody>)}
            <Gap height={virtualizer.getTotalSize() - ((items.at(-1)?.end ?? top) - top)} columns={columns.length} />
          </>
        )}
        {foot !== undefined && <tfoot className="border-t font-medium">{foot}</tfoot>}
      </table>
    </div>
  )
}

type BodyRowProps<Row> = { readonly row: Row; readonly columns: readonly Column<Row>[]; readonly isNew: boolean; readonly detail: ReactNode; readonly isCut: boolean }

function BodyRow<Row>({ row, columns, isNew, detail, isCut }: BodyRowProps<Row>) {
  return (
    <>
      <tr className={join('border-b hover:bg-hover', isNew && 'animate-arrive')}>
        {columns.map((column, index) => (
          <td key={index} className={join('px-3 py-2 align-middle first:pl-5 last:pr-5', column.isNumber && 'text-right whitespace-nowrap', isCut && 'overflow-hidden text-ellipsis', column.className)}>
            {column.cell(row)}
          </td>
        ))}
      </tr>
      {detail !== undefined && detail !== null && detail !== false && <tr className="border-b bg-sunken"><td colSpan={columns.length} className="px-5 py-4">{detail}</td></tr>}
    </>
  )
}

/** The rows that are not drawn. */
function Gap({ height, columns }: { readonly height: number; readonly columns: number }) {
  return height <= 0 ? null : <tbody aria-hidden="true"><tr><td colSpan={columns} style={{ height, padding: 0 } satisfies CSSProperties} /></tr></tbody>
}

/** How far down the page the first row begins. */
function useTop(host: RefObject<HTMLElement | null>, isPart: boolean): number {
  const [top, setTop] = useState(0)
  useLayoutEffect(() => {
    const body = host.current?.querySelector('thead')
    if (isPart && body !== null && body !== undefined) setTop(Math.round(body.getBoundingClientRect().bottom + scrollY))
  }, [host, isPart])
  return top
}

/** The widths that the columns had when the table became long, so that they do not move as other rows are drawn; anew when its own width changes. */
function useWidths(host: RefObject<HTMLElement | null>, isPart: boolean): readonly number[] | null {
  const [widths, setWidths] = useState<{ readonly of: number; readonly columns: readonly number[] } | null>(null)
  const element = host.current
  useLayoutEffect(() => {
    // Not before rows are drawn: they say how wide a column is.
    if (!isPart || widths !== null || host.current === null || host.current.querySelector('[data-index]') === null) return
    setWidths({ of: host.current.clientWidth, columns: [...host.current.querySelectorAll('thead th')].map((head) => (head as HTMLElement).offsetWidth) })
  })
  useEffect(() => {
    if (element === null) return
    const watch = new ResizeObserver(() => setWidths((now) => (now !== null && now.of !== element.clientWidth ? null : now)))
    watch.observe(element)
    return () => watch.disconnect()
  }, [element])
  return isPart && widths !== null ? widths.columns : null
}

type MoreProps = { readonly query: { readonly hasNextPage: boolean; readonly isFetchingNextPage: boolean; readonly fetchNextPage: () => unknown }; /** Asks for the next page by itself when its end comes near: of the last list of a page. */ readonly isAuto?: boolean }

/** How far below the screen the end is when the next page is asked for. */
const AHEAD_PX = 900

export function More({ query, isAuto = false }: MoreProps) {
  const { common } = useWords()
  const end = useRef<HTMLDivElement>(null)
  const isWaiting = query.hasNextPage && !query.isFetchingNextPage
  const load = useEffectEvent(() => void query.fetchNextPage())
  useEffect(() => {
    if (!isAuto || !isWaiting || end.current === null) return
    const watch = new IntersectionObserver(([entry]) => { if (entry!.isIntersecting) load() }, { rootMargin: `${AHEAD_PX}px` })
    watch.observe(end.current)
    return () => watch.disconnect()
  }, [isAuto, isWaiting])
  if (!query.hasNextPage) return null
  return (
    <div ref={end} className="border-t p-3 text-center">
      <button type="button" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()} className="text-sm font-medium text-accent disabled:opacity-60">
        {query.isFetchingNextPage ? common.loadingMore : common.more}
      </button>
    </div>
  )
}
