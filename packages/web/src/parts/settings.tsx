// How a person wants to see things: colours, all digits or short ones, own time zone or UTC. Kept in the browser; a page that may not store
// anything (a frame without storage) keeps it for its own life.

import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react'
import type { Zone } from './format.ts'

export type Theme = 'auto' | 'light' | 'dark'
export type Settings = { readonly theme: Theme; readonly isExact: boolean; readonly zone: Zone }
type Held = Settings & { readonly change: (part: Partial<Settings>) => void }

const NAME = 'tollgate-settings'
const DEFAULTS: Settings = { theme: 'auto', isExact: false, zone: 'local' }
const Context = createContext<Held>({ ...DEFAULTS, change: () => {} })

export function SettingsProvider({ initial, children }: { readonly initial?: Partial<Settings>; readonly children: ReactNode }) {
  const [settings, setSettings] = useState<Settings>(() => ({ ...DEFAULTS, ...stored(), ...initial }))
  useEffect(() => {
    document.documentElement.dataset['theme'] = settings.theme
    try {
      localStorage.setItem(NAME, JSON.stringify(settings))
    } catch {
      // Storage is closed to this page.
    }
  }, [settings])
  const value = useMemo(() => ({ ...settings, change: (part: Partial<Settings>) => setSettings((now) => ({ ...now, ...part })) }), [settings])
  return <Context value={value}>{children}</Context>
}

export function useSettings(): Held {
  return use(Context)
}

function stored(): Partial<Settings> {
  try {
    return JSON.parse(localStorage.getItem(NAME) ?? '{}') as Partial<Settings>
  } catch {
    return {}
  }
}
