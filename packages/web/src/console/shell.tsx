// The frame around every page of the console: where one can go, whether the page is live, and how numbers and colours are shown.

import { useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { DropdownMenu } from 'radix-ui'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { call } from '../api/client.ts'
import { LiveBadge } from '../parts/live-badge.tsx'
import { Mark } from '../parts/mark.tsx'
import { useSettings, type Theme } from '../parts/settings.tsx'
import { join } from '../parts/surface.tsx'
import { NAVIGATION } from './navigation.ts'
import { useSession } from './session.tsx'

export function Shell() {
  const path = useRouterState({ select: (state) => state.location.pathname })
  const [isOpen, setOpen] = useState(false)
  const main = useRef<HTMLElement>(null)
  useEffect(() => {
    setOpen(false)
    const entry = NAVIGATION.flatMap(({ entries }) => entries).findLast(({ to }) => path === to || (to !== '/' && path.startsWith(to)))
    document.title = `${entry?.label ?? 'Console'} · Tollgate`
  }, [path])
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[14rem_1fr]">
      <a href="#content" onClick={() => main.current?.focus()} className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-20 focus:rounded-lg focus:bg-raised focus:px-3 focus:py-2">
        Skip to the content
      </a>
      <div className="flex items-center justify-between border-b bg-surface px-4 py-2.5 lg:hidden">
        <Mark />
        <button type="button" aria-expanded={isOpen} aria-controls="navigation" onClick={() => setOpen(!isOpen)} className="rounded-lg border px-3 py-1.5 text-sm font-medium">
          Menu
        </button>
      </div>
      <aside id="navigation" className={join('flex-col border-r bg-surface lg:sticky lg:top-0 lg:flex lg:h-dvh', isOpen ? 'flex' : 'hidden')}>
        <div className="hidden px-5 pt-5 pb-3 lg:block">
          <Mark />
        </div>
        <nav aria-label="Console" className="flex-1 overflow-y-auto px-3 py-2">
          {NAVIGATION.map(({ group, entries }) => (
            <NavigationGroup key={group} name={group}>
              {entries.map(({ to, label }) => (
                <li key={to}>
                  <Link to={to} activeOptions={{ exact: to === '/' }} className="block rounded-lg px-2.5 py-1 text-muted lg:py-0.5 hover:bg-hover hover:text-ink" activeProps={{ className: 'bg-accent-soft font-medium text-ink!', 'aria-current': 'page' }}>
                    {label}
                  </Link>
                </li>
              ))}
            </NavigationGroup>
          ))}
        </nav>
        <div className="flex items-center justify-between gap-2 border-t px-4 py-3">
          <LiveBadge />
          <Person />
        </div>
      </aside>
      <main ref={main} id="content" tabIndex={-1} className="min-w-0 px-4 py-6 outline-none sm:px-8 lg:px-10 lg:py-8">
        <div className="mx-auto max-w-6xl">
          <Outlet />
        </div>
      </main>
    </div>
  )
}

function NavigationGroup({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="mb-3">
      {name !== '' && <p className="eyebrow px-2.5 pb-1">{name}</p>}
      <ul className="space-y-0.5">{children}</ul>
    </div>
  )
}

const ITEM = 'flex cursor-default items-center justify-between gap-6 rounded-md px-2.5 py-1.5 outline-none data-highlighted:bg-hover'

function Person() {
  const { name, role } = useSession()
  const settings = useSettings()
  const client = useQueryClient()
  const signOut = () => void call('signOut', {}).finally(() => client.clear()).then(() => location.assign('/console/'))
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="rounded-lg border px-2.5 py-1 text-xs font-medium text-muted hover:bg-hover hover:text-ink">
        {role.charAt(0).toUpperCase() + role.slice(1)}
        <span aria-hidden="true"> ▾</span>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={6} className="z-20 min-w-52 rounded-xl border bg-raised p-1.5 text-sm shadow-pop">
          <DropdownMenu.Label className="px-2.5 py-1.5 text-xs text-faint">{name === '' ? 'A key without a name' : name}</DropdownMenu.Label>
          <DropdownMenu.CheckboxItem className={ITEM} checked={settings.isExact} onSelect={(event) => event.preventDefault()} onCheckedChange={(isExact) => settings.change({ isExact })}>
            All digits <State isOn={settings.isExact} />
          </DropdownMenu.CheckboxItem>
          <DropdownMenu.CheckboxItem className={ITEM} checked={settings.zone === 'utc'} onSelect={(event) => event.preventDefault()} onCheckedChange={(isUtc) => settings.change({ zone: isUtc ? 'utc' : 'local' })}>
            Times in UTC <State isOn={settings.zone === 'utc'} />
          </DropdownMenu.CheckboxItem>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.RadioGroup value={settings.theme} onValueChange={(theme) => settings.change({ theme: theme as Theme })}>
            {(['auto', 'light', 'dark'] as const).map((theme) => (
              <DropdownMenu.RadioItem key={theme} value={theme} className={ITEM} onSelect={(event) => event.preventDefault()}>
                {{ auto: 'Colours of the system', light: 'Light', dark: 'Dark' }[theme]} <State isOn={settings.theme === theme} />
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.Item className={ITEM} onSelect={signOut}>
            Sign out
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

function State({ isOn }: { readonly isOn: boolean }) {
  return (
    <span aria-hidden="true" className={isOn ? 'text-accent' : 'text-transparent'}>
      ✓
    </span>
  )
}
