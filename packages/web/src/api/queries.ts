// Queries on the API for components: the key is the operation with its input, so that what belongs together is asked again together.

import { infiniteQueryOptions, QueryClient, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { call, ProblemError, randomKey, type Answer, type Input, type Operation } from './client.ts'

/** A refusal does not change by asking again; no answer may. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 2_000, retry: (failures, error) => failures < 3 && error instanceof ProblemError && (error.problem.status === 0 || error.problem.status >= 500), refetchOnWindowFocus: true },
      mutations: { retry: false },
    },
  })
}

export function ask<O extends Operation>(operation: O, input: Omit<Input<O>, 'signal' | 'body'>) {
  return queryOptions({ queryKey: [operation, input] as const, queryFn: ({ signal }): Promise<Answer<O>> => call(operation, { ...input, signal } as unknown as Input<O>) })
}

type Paged = { readonly data: readonly unknown[]; readonly next_cursor: string | null }

/** A list, page by page. */
export function askPages<O extends Operation>(operation: O, input: Omit<Input<O>, 'signal' | 'body'>) {
  return infiniteQueryOptions({
    queryKey: [operation, 'pages', input] as const,
    queryFn: ({ signal, pageParam }): Promise<Answer<O>> => {
      const { query = {} } = input as { query?: Record<string, unknown> }
      return call(operation, { ...input, query: pageParam === null ? query : { ...query, cursor: pageParam }, signal } as unknown as Input<O>)
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page as Paged).next_cursor,
  })
}

/** A write. Repeating it after no answer cannot do it twice; what it may have changed is asked again. */
export function useWrite<O extends Operation>(operation: O, then?: (answer: Answer<O>) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (input: Omit<Input<O>, 'signal'>) => {
      const { idempotencyKey = randomKey() } = input as { readonly idempotencyKey?: string }
      return call(operation, { ...input, idempotencyKey } as unknown as Input<O>)
    },
    onSuccess: (answer) => {
      void client.invalidateQueries()
      then?.(answer as Answer<O>)
    },
  })
}
