// The session of the portal. Its token comes after the # of the address, is taken out of the address at once and kept for this tab only.

import { useQuery } from '@tanstack/react-query'
import { actAs, call, ProblemError, type Headers } from '../api/client.ts'
import type { PortalSession } from '../api/operations.ts'

const NAME = 'tollgate-portal-token'

/** Takes the token out of the address, or finds that of this tab. */
export function openSession(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get('token')
  if (given !== null) {
    keep(given)
    history.replaceState(null, '', location.pathname + location.search)
  }
  const token = given ?? kept()
  actAs({ headers: (): Headers => (token === null ? {} : { authorization: `Bearer ${token}` }), onSignedOut: () => {} })
}

/** Null when there is none, or it has ended. */
export function usePortalSession() {
  return useQuery({
    queryKey: ['session'],
    staleTime: Infinity,
    queryFn: async (): Promise<PortalSession | null> => {
      try {
        const session = await call('getSession', {})
        return session.kind === 'portal' ? (session as unknown as PortalSession) : null
      } catch (error) {
        if (error instanceof ProblemError && error.problem.status === 401) return null
        throw error
      }
    },
  })
}

function keep(token: string): void {
  try {
    sessionStorage.setItem(NAME, token)
  } catch {
    // A frame without storage keeps it for the life of the page.
  }
}

function kept(): string | null {
  try {
    return sessionStorage.getItem(NAME)
  } catch {
    return null
  }
}
