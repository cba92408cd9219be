// The plans of the catalog in force, for choices.

import { useQuery } from '@tanstack/react-query'
import { ask } from '../../api/queries.ts'

export type Named = { readonly id: string; readonly name: string }

export function usePlans(): readonly Named[] {
  return useNamed('plans')
}

/** What of the catalog has an id and a name. */
export function useNamed(member: 'plans' | 'add_ons' | 'credit_assets'): readonly Named[] {
  const catalog = useQuery(ask('getCatalog', {}))
  return ((catalog.data?.document?.[member] ?? []) as readonly { readonly id: string; readonly name?: string }[]).map(({ id, name }) => ({ id, name: name ?? id }))
}
