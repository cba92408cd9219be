// The drawing of a chart with uPlot: moments at equal distances, series stacked on each other. It knows floats and pixels, no money.

import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export type Drawing = {
  /** `values[series][moment]`. */
  readonly show: (moments: number, values: readonly (readonly number[])[], line: readonly number[] | null) => void
  readonly point: (index: number | null) => void
  /** Shades from one moment to another. */
  readonly mark: (range: readonly [first: number, last: number] | null) => void
  readonly remove: () => void
}
export type DrawingOptions = {
  readonly look: 'bars' | 'areas'
  readonly height: number
  /** Of each series, in the palette from 1 on. */
  readonly colours: readonly number[]
  readonly formatTime: (index: number) => string
  readonly formatAxis: (value: number) => string
  readonly onIndex: (index: number | null) => void
  readonly onPick: (index: number) => void
  /** Moments were dragged over; null where dragging does nothing. */
  readonly onRange: ((first: number, last: number) => void) | null
}

/** What is shorter is a click. */
const DRAGGED_PX = 6
const AXIS_FONT = '11px "Geist Variable", system-ui, sans-serif'

export function draw(host: HTMLElement, options: DrawingOptions): Drawing {
  const colour = (name: string) => resolved(host, name)
  const axis = { stroke: colour('--color-faint'), font: AXIS_FONT, ticks: { show: false }, grid: { stroke: colour('--color-line'), width: 1 } }
  const paths = options.look === 'bars' ? uPlot.paths.bars!({ size: [0.72, 36], radius: 0.12 }) : uPlot.paths.linear!()
  const unselect = () => plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
  const onSelect = ({ select: { left, width }, data: [moments] }: uPlot) => {
    if (width < DRAGGED_PX) return
    const within = (at: number) => Math.max(0, Math.min(moments.length - 1, at))
    options.onRange?.(within(Math.round(plot.posToVal(left, 'x'))), within(Math.round(plot.posToVal(left + width, 'x'))))
  }
  const plot: uPlot = new uPlot(
    {
      width: Math.max(50, host.clientWidth),
      height: options.height,
      padding: [8, 18, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: options.onRange !== null, y: false, setScale: false }, points: { show: false } },
      scales: { x: { time: false, range: (_, min, max) => [min - 0.6, max + 0.6] }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] } },
      axes: [
        { ...axis, grid: { show: false }, size: 26, gap: 6, space: 70, incrs: [1, 2, 3, 5, 7, 10, 15, 20, 30, 60], values: (_, splits) => splits.map((at) => (Number.isInteger(at) ? options.formatTime(at) : '')) },
        { ...axis, size: 52, gap: 6, values: (_, splits) => splits.map(options.formatAxis) },
      ],
      // The highest of the stack is drawn first, the others over it.
      series: [{}, ...options.colours.toReversed().map((at) => seriesLook(options.look, colour(`--color-series-${at}`), paths)), { stroke: colour('--color-faint'), width: 1.5, dash: [4, 3], points: { show: false } }],
      hooks: { setCursor: [(self) => options.onIndex(self.cursor.left! < 0 ? null : (self.cursor.idx ?? null))], setSelect: [onSelect] },
    },
    [[0], ...options.colours.map(() => [0]), [null]] as uPlot.AlignedData,
    host,
  )
  const resize = new ResizeObserver(() => plot.setSize({ width: Math.max(50, host.clientWidth), height: options.height }))
  resize.observe(host)
  const pick = () => {
    // A drag ends with a click, too.
    if (plot.select.width >= DRAGGED_PX) return unselect()
    if (plot.cursor.idx !== null && plot.cursor.idx !== undefined) options.onPick(plot.cursor.idx)
  }
  plot.over.addEventListener('click', pick)
  return {
    show: (moments, values, line) => plot.setData([Array.from({ length: moments }, (_, at) => at), ...stacked(moments, values).toReversed(), line ?? Array.from({ length: moments }, () => null)] as uPlot.AlignedData),
    point: (index) => {
      if (index !== null && index !== plot.cursor.idx) plot.setCursor({ left: plot.valToPos(index, 'x'), top: 1 }, false)
    },
    mark: (range) => {
      if (range === null) return unselect()
      const [left, right] = [plot.valToPos(range[0] - 0.5, 'x'), plot.valToPos(range[1] + 0.5, 'x')]
      plot.setSelect({ left, width: right - left, top: 0, height: plot.over.clientHeight }, false)
    },
    remove: () => {
      resize.disconnect()
      plot.destroy()
    },
  }
}

function seriesLook(look: DrawingOptions['look'], colour: string, paths: uPlot.Series.PathBuilder): uPlot.Series {
  return look === 'bars' ? { fill: colour, stroke: colour, width: 0, paths, points: { show: false } } : { stroke: colour, fill: faded(colour), width: 1.5, paths, points: { show: false } }
}

function stacked(moments: number, values: readonly (readonly number[])[]): number[][] {
  const sums = Array.from({ length: moments }, () => 0)
  return values.map((row) => sums.map((_, at) => (sums[at] = sums[at]! + (row[at] ?? 0))))
}

/** A canvas knows no custom properties: the browser resolves them on an element. */
function resolved(host: HTMLElement, name: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${name})`
  host.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

/** `rgb(1, 2, 3)` with less of it. */
function faded(colour: string): string {
  return colour.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.18)')
}
