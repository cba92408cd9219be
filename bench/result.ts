// What a benchmark says: one row a figure, always with the baseline of the same run, because the machine is noisy and only
// ratios travel.

export type BenchResult = {
  readonly bench: string
  readonly metric: string
  readonly value: number
  readonly unit: string
  /** The same figure of the baseline, measured in the same run; null where there is none. */
  readonly baseline: number | null
  readonly ratio: number | null
  /** What is promised of ratio or value, in words: `ratio ≥ 0.5`, `value ≤ 0.35`. */
  readonly target: string | null
  readonly holds: boolean | null
}

export type Target = { readonly of: 'ratio' | 'value'; readonly at: 'least' | 'most'; readonly limit: number }

export function result(input: { readonly bench: string; readonly metric: string; readonly value: number; readonly unit: string; readonly baseline?: number; readonly target?: Target }): BenchResult {
  const baseline = input.baseline ?? null
  const ratio = baseline === null || baseline === 0 ? null : input.value / baseline
  const { target } = input
  const measured = target?.of === 'ratio' ? ratio : input.value
  return {
    bench: input.bench, metric: input.metric, value: input.value, unit: input.unit, baseline, ratio,
    target: target === undefined ? null : `${target.of} ${target.at === 'least' ? '≥' : '≤'} ${target.limit}`,
    holds: target === undefined || measured === null ? null : target.at === 'least' ? measured >= target.limit : measured <= target.limit,
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function percentile(sorted: readonly number[] | Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}
