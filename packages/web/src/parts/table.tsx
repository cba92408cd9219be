// Tables: one look, numbers to the right, scrolling inside of themselves on a narrow screen.

import type { ReactNode } from 'react'
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
  readonly foot?: ReactNode
}

export function Table<Row>({ label, columns, rows, rowKey, isNew, foot }: TableProps<Row>) {
  return (
    <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label={label}>
      <table className="w-full border-collapse text-left">
        <caption className="sr-only">{label}</caption>
        <thead>
          <tr className="border-b text-xs text-faint">
            {columns.map((column, index) => (
              <th key={index} scope="col" className={join('px-3 py-2 font-medium whitespace-nowrap first:pl-5 last:pr-5', column.isNumber && 'text-right')}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className={join('border-b last:border-b-0 hover:bg-hover', isNew?.(row) && 'animate-arrive')}>
              {columns.map((column, index) => (
                <td key={index} className={join('px-3 py-2 align-middle first:pl-5 last:pr-5', column.isNumber && 'text-right whitespace-nowrap', column.className)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        {foot !== undefined && <tfoot className="border-t font-medium">{foot}</tfoot>}
      </table>
    </div>
  )
}

type MoreProps = { readonly query: { readonly hasNextPage: boolean; readonly isFetchingNextPage: boolean; readonly fetchNextPage: () => unknown } }

export function More({ query }: MoreProps) {
  const { common } = useWords()
  if (!query.hasNextPage) return null
  return (
    <div className="border-t p-3 text-center">
      <button type="button" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()} className="text-sm font-medium text-accent disabled:opacity-60">
        {query.isFetchingNextPage ? common.loadingMore : common.more}
      </button>
    </div>
  )
}
