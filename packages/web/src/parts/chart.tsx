// A chart of amounts over time: stacked bars or areas, drawn by uPlot, which is loaded with the first chart. It is read with the eye, with the
// arrow keys (the figures of the moment are spoken), and as the table behind it. Heights are floats; every figure shown is the exact text.

import { useEffect, useId, useRef, useState } from 'react'
import type { Drawing } from './plot.ts'
import { Button } from './controls.tsx'
import { roughly } from './format.ts'
import { useSettings } from './settings.tsx'
import { join } from './surface.tsx'
import { useWords } from '../words/words.tsx'

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
  /** The same figures of the time before, drawn as a line: one sum for each moment. */
  readonly before?: Omit<Series, 'colour'>
  /** From one moment to another: dragged over, or chosen with Shift and the arrow keys. */
  readonly onRange?: (first: string, last: string) => void
  /** Back to what was seen before zooming in. */
  readonly onOut?: () => void
}

export const SERIES_MAX = 8

export function Chart(props: ChartProps) {
  const { label, times, series, height = 220, formatTime, formatValue, onPick, before, onRange, onOut } = props
  const [index, setIndex] = useState<number | null>(null)
  /** Where a choice of several moments began. */
  const [anchor, setAnchor] = useState<number | null>(null)
  const [isTable, setTable] = useState(false)
  const id = useId()
  const { chart } = useWords()
  const shown = index === null ? null : (times[index] ?? null)
  const step = (by: number, isChoosing: boolean) => {
    setAnchor(isChoosing && onRange !== undefined ? (anchor ?? index) : null)
    setIndex(Math.max(0, Math.min(times.length - 1, (index ?? (by > 0 ? -1 : times.length)) + by)))
  }
  const range = anchor === null || index === null ? null : ([Math.min(anchor, index), Math.max(anchor, index)] as const)
  const leave = () => {
    setAnchor(null)
    setIndex(null)
  }
  const open = () => {
    leave()
    if (range !== null) onRange?.(times[range[0]]!, times[range[1]]!)
    else if (shown !== null) onPick?.(shown)
  }
  return (
    <figure aria-labelledby={id} className="min-w-0">
      <figcaption id={id} className="sr-only">
        {label}
      </figcaption>
      <div className="mb-2 flex min-h-8 items-start justify-between gap-4">
        <Legend series={series} before={before} />
        <Button look="quiet" className="h-7 shrink-0 px-2 text-xs" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          {isTable ? chart.chart : chart.table}
        </Button>
      </div>
      {isTable ? (
        <DataTable {...props} />
      ) : (
        <div
          role="application"
          tabIndex={0}
          className="relative"
          aria-label={chart.help({ label, count: times.length, opens: onPick !== undefined, chooses: onRange !== undefined, zooms: onOut !== undefined })}
          onKeyDown={(event) => {
            if (event.key === 'ArrowRight') step(1, event.shiftKey)
            else if (event.key === 'ArrowLeft') step(-1, event.shiftKey)
            else if (event.key === 'Escape') leave()
            else if (event.key === 'Enter' && shown !== null) open()
            else if (event.key === '-' && onOut !== undefined) { leave(); onOut() }
            else return
            event.preventDefault()
          }}
        >
          <Readout {...props} index={index} />
          <Plot {...props} height={height} index={index} range={range} onIndex={setIndex} />
        </div>
      )}
      <p aria-live="polite" className="sr-only">
        {shown === null ? '' : range !== null ? `${formatTime(times[range[0]]!)} – ${formatTime(times[range[1]]!)}` : `${formatTime(shown)}: ${series.map(({ name, values }) => `${name} ${formatValue(values[index!] ?? '0')}`).join(', ')}${before === undefined ? '' : `, ${before.name} ${formatValue(before.values[index!] ?? '0')}`}`}
      </p>
    </figure>
  )
}

function Legend({ series, before }: Pick<ChartProps, 'series' | 'before'>) {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 pt-1 text-xs text-muted">
      {series.map(({ name, colour }, at) => <li key={name} className="flex items-center gap-1.5"><Swatch colour={colour ?? at} /> {name}</li>)}
      {before !== undefined && <li className="flex items-center gap-1.5"><Swatch colour={null} /> {before.name}</li>}
    </ul>
  )
}

/** Null: of the time before. */
function Swatch({ colour }: { readonly colour: number | null }) {
  return colour === null ? <span aria-hidden="true" className="w-3.5 border-t-2 border-dotted border-faint" /> : <span aria-hidden="true" className={join('size-2 shrink-0 rounded-[3px]', SWATCHES[colour % SERIES_MAX])} />
}

/** The figures of one moment, over the drawing and on the side where it does not cover it: nothing moves when they appear. They are spoken below. */
function Readout({ times, series, before, index, formatTime, formatValue }: ChartProps & { readonly index: number | null }) {
  const { chart } = useWords()
  if (index === null || times[index] === undefined) return null
  const rows = [...series.map(({ name, values, colour }, at) => ({ name, value: values[index] ?? '0', colour: colour ?? at })), ...(before === undefined ? [] : [{ name: before.name, value: before.values[index] ?? '0', colour: null }])]
  const shown = rows.filter(({ value, colour }) => colour === null || roughly(value) !== 0)
  return (
    <div aria-hidden="true" className={join('pointer-events-none absolute top-1 z-10 min-w-36 rounded-lg border bg-raised px-2.5 py-1.5 text-xs shadow-pop', index > times.length / 2 ? 'left-14' : 'right-1')}>
      <p className="text-muted">{formatTime(times[index])}</p>
      {shown.map(({ name, value, colour }) => (
        <p key={name} className="flex items-center gap-1.5"><Swatch colour={colour} /> <span className="mr-3 text-muted">{name}</span> <span className="ml-auto font-medium">{formatValue(value)}</span></p>
      ))}
      {shown.length === 0 && <p>{chart.nothing}</p>}
    </div>
  )
}

const SWATCHES = ['bg-series-1', 'bg-series-2', 'bg-series-3', 'bg-series-4', 'bg-series-5', 'bg-series-6', 'bg-series-7', 'bg-series-8']

function DataTable({ label, times, series, before, formatTime, formatValue }: ChartProps) {
  const { chart } = useWords()
  return (
    <div className="max-h-72 overflow-auto rounded-lg border" tabIndex={0} role="region" aria-label={chart.asTable(label)}>
      <table className="w-full text-left text-xs">
        <thead className="sticky top-0 bg-sunken">
          <tr>
            <th scope="col" className="px-3 py-1.5 font-medium">{chart.time}</th>
            {[...series, ...(before === undefined ? [] : [before])].map(({ name }) => (
              <th key={name} scope="col" className="px-3 py-1.5 text-right font-medium">{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((at, row) => (
            <tr key={at} className="border-t">
              <th scope="row" className="px-3 py-1 font-normal whitespace-nowrap">{formatTime(at)}</th>
              {[...series, ...(before === undefined ? [] : [before])].map(({ name, values }) => (
                <td key={name} className="px-3 py-1 text-right">{formatValue(values[row] ?? '0')}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

type PlotProps = ChartProps & { readonly height: number; readonly index: number | null; readonly range: readonly [number, number] | null; readonly onIndex: (index: number | null) => void }

/** The drawing is made anew when its shape or colours change; new figures only move it. */
function Plot({ times, series, look = 'bars', height, formatTime, formatAxis, onPick, before, onRange, index, range, onIndex }: PlotProps) {
  const host = useRef<HTMLDivElement>(null)
  const drawing = useRef<Drawing | null>(null)
  const { theme } = useSettings()
  const isDark = useDark()
  const colours = series.map(({ colour }, at) => ((colour ?? at) % SERIES_MAX) + 1).join(' ')
  const data = { times, values: series.map(({ values }) => values.map(roughly)), line: before?.values.map(roughly) ?? null }
  const latest = useRef({ data, formatTime, formatAxis, onPick, onRange, onIndex })
  latest.current = { data, formatTime, formatAxis, onPick, onRange, onIndex }
  const hasRange = onRange !== undefined
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
        onRange: hasRange ? (first, last) => latest.current.onRange?.(latest.current.data.times[first] ?? '', latest.current.data.times[last] ?? '') : null,
      })
      drawing.current.show(latest.current.data.times.length, latest.current.data.values, latest.current.data.line)
    })
    return () => {
      isGone = true
      drawing.current?.remove()
      drawing.current = null
    }
  }, [colours, look, height, theme, isDark, hasRange])
  useEffect(() => drawing.current?.show(data.times.length, data.values, data.line))
  useEffect(() => drawing.current?.point(index), [index])
  const [first = null, last = null] = range ?? []
  useEffect(() => drawing.current?.mark(first === null || last === null ? null : [first, last]), [first, last])
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
