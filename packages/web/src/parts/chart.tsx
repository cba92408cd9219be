// A chart of amounts over time: stacked bars or areas, drawn by uPlot, which is loaded with the first chart. It is read with the eye, with the
// arrow keys (the figures of the moment are spoken), and as the table behind it. Heights are floats; every figure shown is the exact text.

import { useEffect, useId, useRef, useState } from 'react'
import type { Drawing } from './plot.ts'
import { Button } from './controls.tsx'
import { roughly } from './format.ts'
import { useSettings } from './settings.tsx'
import { join } from './surface.tsx'

export type Series = {
  readonly name: string
  /** Decimal text at each moment. */
  readonly values: readonly string[]
  /** Of the palette, 0 to 7; its place among the series unless stated. */
  readonly colour?: number
}
export type ChartProps = {
  readonly label: string
  readonly times: readonly string[]
  readonly series: readonly Series[]
  readonly look?: 'bars' | 'areas'
  readonly height?: number
  readonly formatTime: (at: string) => string
  readonly formatValue: (value: string) => string
  readonly formatAxis: (value: number) => string
  readonly onPick?: (at: string) => void
}

export const SERIES_MAX = 8

export function Chart(props: ChartProps) {
  const { label, times, series, height = 220, formatTime, formatValue, onPick } = props
  const [index, setIndex] = useState<number | null>(null)
  const [isTable, setTable] = useState(false)
  const id = useId()
  const shown = index === null ? null : (times[index] ?? null)
  const step = (by: number) => setIndex((now) => Math.max(0, Math.min(times.length - 1, (now ?? (by > 0 ? -1 : times.length)) + by)))
  return (
    <figure aria-labelledby={id} className="min-w-0">
      <figcaption id={id} className="sr-only">
        {label}
      </figcaption>
      <div className="mb-2 flex min-h-8 flex-wrap items-center justify-between gap-x-4 gap-y-1">
        <Legend series={series} index={index} formatValue={formatValue} />
        <span className="flex items-center gap-3 text-xs text-muted">
          {shown === null ? null : formatTime(shown)}
          <Button look="quiet" className="h-7 px-2 text-xs" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
            {isTable ? 'Chart' : 'Table'}
          </Button>
        </span>
      </div>
      {isTable ? (
        <DataTable {...props} />
      ) : (
        <div
          role="application"
          tabIndex={0}
          aria-label={`${label}: chart of ${times.length} moments. Arrow keys read them one by one${onPick === undefined ? '' : ', Enter opens one'}; the table has all of them.`}
          onKeyDown={(event) => {
            if (event.key === 'ArrowRight') step(1)
            else if (event.key === 'ArrowLeft') step(-1)
            else if (event.key === 'Escape') setIndex(null)
            else if (event.key === 'Enter' && shown !== null) onPick?.(shown)
            else return
            event.preventDefault()
          }}
        >
          <Plot {...props} height={height} index={index} onIndex={setIndex} />
        </div>
      )}
      <p aria-live="polite" className="sr-only">
        {shown === null ? '' : `${formatTime(shown)}: ${series.map(({ name, values }) => `${name} ${formatValue(values[index!] ?? '0')}`).join(', ')}`}
      </p>
    </figure>
  )
}

function Legend({ series, index, formatValue }: { readonly series: readonly Series[]; readonly index: number | null; readonly formatValue: (value: string) => string }) {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
      {series.map(({ name, values, colour }, at) => (
        <li key={name} className="flex items-center gap-1.5">
          <span aria-hidden="true" className={join('size-2 rounded-[3px]', SWATCHES[(colour ?? at) % SERIES_MAX])} />
          {name}
          {index !== null && <span className="font-medium text-ink">{formatValue(values[index] ?? '0')}</span>}
        </li>
      ))}
    </ul>
  )
}

const SWATCHES = ['bg-series-1', 'bg-series-2', 'bg-series-3', 'bg-series-4', 'bg-series-5', 'bg-series-6', 'bg-series-7', 'bg-series-8']

function DataTable({ label, times, series, formatTime, formatValue }: ChartProps) {
  return (
    <div className="max-h-72 overflow-auto rounded-lg border" tabIndex={0} role="region" aria-label={`${label}, as a table`}>
      <table className="w-full text-left text-xs">
        <thead className="sticky top-0 bg-sunken">
          <tr>
            <th scope="col" className="px-3 py-1.5 font-medium">Time</th>
            {series.map(({ name }) => (
              <th key={name} scope="col" className="px-3 py-1.5 text-right font-medium">{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((at, row) => (
            <tr key={at} className="border-t">
              <th scope="row" className="px-3 py-1 font-normal whitespace-nowrap">{formatTime(at)}</th>
              {series.map(({ name, values }) => (
                <td key={name} className="px-3 py-1 text-right">{formatValue(values[row] ?? '0')}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

type PlotProps = ChartProps & { readonly height: number; readonly index: number | null; readonly onIndex: (index: number | null) => void }

/** The drawing is made anew when its shape or colours change; new figures only move it. */
function Plot({ times, series, look = 'bars', height, formatTime, formatAxis, onPick, index, onIndex }: PlotProps) {
  const host = useRef<HTMLDivElement>(null)
  const drawing = useRef<Drawing | null>(null)
  const { theme } = useSettings()
  const isDark = useDark()
  const colours = series.map(({ colour }, at) => ((colour ?? at) % SERIES_MAX) + 1).join(' ')
  const data = { times, values: series.map(({ values }) => values.map(roughly)) }
  const latest = useRef({ data, formatTime, formatAxis, onPick, onIndex })
  latest.current = { data, formatTime, formatAxis, onPick, onIndex }
  useEffect(() => {
    let isGone = false
    void import('./plot.ts').then(({ draw }) => {
      if (isGone || host.current === null) return
      drawing.current = draw(host.current, {
        look,
        height,
        colours: colours === '' ? [] : colours.split(' ').map(Number),
        formatTime: (at) => latest.current.formatTime(latest.current.data.times[at] ?? ''),
        formatAxis: (value) => latest.current.formatAxis(value),
        onIndex: (at) => latest.current.onIndex(at),
        onPick: (at) => latest.current.onPick?.(latest.current.data.times[at] ?? ''),
      })
      drawing.current.show(latest.current.data.times.length, latest.current.data.values)
    })
    return () => {
      isGone = true
      drawing.current?.remove()
      drawing.current = null
    }
  }, [colours, look, height, theme, isDark])
  useEffect(() => drawing.current?.show(data.times.length, data.values))
  useEffect(() => drawing.current?.point(index), [index])
  return <div ref={host} aria-hidden="true" className={join('min-w-0', onPick !== undefined && 'cursor-pointer')} style={{ height }} />
}

function useDark(): boolean {
  const [isDark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches)
  useEffect(() => {
    const media = matchMedia('(prefers-color-scheme: dark)')
    const changed = () => setDark(media.matches)
    media.addEventListener('change', changed)
    return () => media.removeEventListener('change', changed)
  }, [])
  return isDark
}
