// Values as people read them: short, with the exact text of the API at hand (title, and in place when "all digits" is on).

import { useEffect, useState } from 'react'
import { clockTime, dateTime, measure, money, quantity, relative, shortDay } from './format.ts'
import { useSettings } from './settings.tsx'
import { useWords } from '../words/words.tsx'

type Look = { readonly className?: string }

export function Money({ amount, currency, className }: { readonly amount: string; readonly currency: string } & Look) {
  const { isExact } = useSettings()
  const { common } = useWords()
  return (
    <data value={amount} title={common.exactly(`${amount} ${currency}`)} className={className}>
      {money(amount, currency, isExact)}
    </data>
  )
}

export function Quantity({ value, className }: { readonly value: string } & Look) {
  const { isExact } = useSettings()
  return (
    <data value={value} title={value} className={className}>
      {quantity(value, isExact)}
    </data>
  )
}

export function Measure({ value, unit, className }: { readonly value: string; readonly unit: string } & Look) {
  const { isExact } = useSettings()
  return (
    <data value={value} title={`${value} ${unit}`} className={className}>
      {measure(value, unit, isExact)}
    </data>
  )
}

export function Time({ at, className, withSeconds = false }: { readonly at: string; readonly withSeconds?: boolean } & Look) {
  const { zone } = useSettings()
  return (
    <time dateTime={at} title={`${dateTime(at, 'utc')} UTC (${at})`} className={className}>
      {withSeconds ? `${shortDay(at, zone)}, ${clockTime(at, zone)}` : dateTime(at, zone)}
      {zone === 'utc' && ' UTC'}
    </time>
  )
}

/** Milliseconds as people say them. */
export function Duration({ ms }: { readonly ms: number | null }) {
  if (ms === null) return <>–</>
  const [value, unit] = ms >= 1_000 ? [ms / 1_000, 's'] : ms >= 1 ? [ms, 'ms'] : [ms * 1_000, 'µs']
  return <data value={ms} title={`${ms} ms`} className="whitespace-nowrap">{quantity(String(Number(value.toPrecision(2))))} {unit}</data>
}

/** "3 minutes ago", kept true. */
export function Ago({ at, className }: { readonly at: string } & Look) {
  const now = useNow(10_000)
  const { common } = useWords()
  return (
    <time dateTime={at} title={`${dateTime(at)} (${at})`} className={className}>
      {relative(at, now, common.justNow)}
    </time>
  )
}

export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
