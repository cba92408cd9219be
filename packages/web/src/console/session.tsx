// Who is signed in to the console. Without a session the page is the sign-in; when a session ends anywhere, it is again.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, use, useEffect, useState, type ReactNode } from 'react'
import { actAs, call, ProblemError, type Headers } from '../api/client.ts'
import { LiveProvider } from '../api/live.tsx'
import type { ConsoleSession } from '../api/operations.ts'
import { ask } from '../api/queries.ts'
import { Button, buttonLook, Field } from '../parts/controls.tsx'
import { Mark } from '../parts/mark.tsx'
import { Command, Failure, Loading } from '../parts/surface.tsx'

const Session = createContext<ConsoleSession | null>(null)

export function useSession(): ConsoleSession {
  const session = use(Session)
  if (session === null) throw new Error('used outside of a session')
  return session
}

const RANK = { viewer: 0, support: 1, finance: 1, admin: 2 } as const

/** Whether the person may do what this role may; the API decides, this only hides what it would refuse. */
export function useMay(...roles: readonly ConsoleSession['role'][]): boolean {
  const { role } = useSession()
  return RANK[role] === 2 || roles.includes(role)
}

export function SessionGate({ children }: { readonly children: ReactNode }) {
  const client = useQueryClient()
  const query = useQuery({ queryKey: ['session'], queryFn: readSession, staleTime: Infinity, refetchOnWindowFocus: false })
  const session = query.data ?? null
  useEffect(() => {
    actAs({
      headers: (): Headers => (session === null ? {} : { 'x-csrf-token': session.csrf_token }),
      onSignedOut: () => void client.setQueryData(['session'], null),
    })
  }, [session, client])
  if (query.isPending) return <main className="mx-auto mt-40 w-72"><Loading label="Opening the console" /></main>
  if (query.error !== null) return <main className="mx-auto mt-32 max-w-md px-4"><Failure error={query.error} retry={() => void query.refetch()} /></main>
  if (session === null) return <SignIn />
  return (
    <Session value={session}>
      <LiveProvider>{children}</LiveProvider>
    </Session>
  )
}

async function readSession(): Promise<ConsoleSession | null> {
  try {
    const session = await call('getSession', {})
    if (session.kind !== 'console') return null
    actAs({ headers: () => ({ 'x-csrf-token': session.csrf_token }), onSignedOut: () => {} })
    return session
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status === 401) return null
    throw error
  }
}

/** The welcome of `npm start` leads here with the key after the #, which no server sees. It fills the field, and is taken out of the address at once. */
function keyOfAddress(): string {
  const key = new URLSearchParams(location.hash.slice(1)).get('key') ?? ''
  if (key !== '') history.replaceState(null, '', location.pathname + location.search)
  return key
}

const WHYS: Readonly<Record<string, string>> = {
  no_role: 'Your account has no role here. Ask whoever runs this Tollgate to map one of your groups.',
  refused: 'The sign-in was refused, by your issuer or because what it said did not hold.',
  expired: 'The sign-in took too long. Begin again.',
  too_often: 'Too many sign-ins failed from your address. Wait a minute.',
  unreachable: 'The issuer does not answer. Try again, or use a key.',
}

/** Why a sign-in by the issuer came back without a session. */
function refusalOfAddress(): string | null {
  const why = new URLSearchParams(location.search).get('sign_in')
  if (why === null) return null
  history.replaceState(null, '', location.pathname)
  return WHYS[why] ?? WHYS['refused']!
}

function SignIn() {
  const ways = useQuery(ask('getSignIn', {}))
  const [refusal] = useState(refusalOfAddress)
  const client = useQueryClient()
  const [key, setKey] = useState(keyOfAddress)
  const [error, setError] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  useEffect(() => {
    document.title = 'Sign in · Tollgate'
  }, [])
  const submit = async () => {
    setBusy(true)
    try {
      const session = await call('signIn', { body: { key: key.trim() } })
      client.setQueryData(['session'], session)
    } catch (failure) {
      setError(failure instanceof ProblemError ? failure.problem.detail : String(failure))
    }
    setBusy(false)
  }
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="w-full max-w-sm">
        <Mark />
        <h1 className="mt-6 text-xl font-semibold tracking-tight">Sign in to the console</h1>
        <p className="mt-1 text-muted">With a key of yours that has a role: admin, finance, support or viewer.</p>
        {refusal !== null && <p role="alert" className="mt-4 rounded-lg border border-bad/40 bg-bad-soft px-4 py-3">{refusal}</p>}
        {ways.data !== undefined && ways.data.oidc !== null && <a href={ways.data.oidc.path} className={`${buttonLook('primary')} mt-5 h-9 w-full`}>Sign in with {ways.data.oidc.name}</a>}
        <form
          className="mt-6"
          onSubmit={(event) => {
            event.preventDefault()
            void submit()
          }}
        >
          <Field label="Operator key" type="password" name="key" autoComplete="current-password" autoFocus required spellCheck={false} value={key} error={error} hint="It stays on the server: this page keeps a session of twelve hours, not the key." onChange={(event) => setKey(event.target.value)} />
          <Button type="submit" look="primary" className="mt-3 h-9 w-full" disabled={isBusy || key.trim() === ''}>
            {isBusy ? 'Signing in …' : 'Sign in'}
          </Button>
        </form>
        <details className="mt-8 text-muted">
          <summary className="text-xs font-medium">Where is my key?</summary>
          <p className="mt-2 text-xs">The demo wrote one to its data folder:</p>
          <Command text={`node -p "require('./.tollgate/demo.json').admin_key"`} />
        </details>
      </div>
    </main>
  )
}
