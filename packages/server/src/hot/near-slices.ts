// The slices that the latest requests of a customer drew on, by the budget object itself: a look along a few pointers, where the map by
// id costs a hash and several lines of memory for each of a request's budgets. Only a memory of what was found; whoever forgets a
// slice forgets it here too.

import type { Budget, Slice } from '@tollgate/core'

/** Budgets at even places, each followed by its slice: one list, because what counts is how many lines of memory it takes. */
export type NearSlices = (Budget | Slice)[]

/** A request draws on about four budgets, so these are the ways of one or two. When they are full it begins anew. */
const NEAR_MAX = 8

export function nearSlice(near: NearSlices, budget: Budget): Slice | undefined {
  for (let index = 0; index < near.length; index += 2) if (near[index] === budget) return near[index + 1] as Slice
  return undefined
}

export function keepNear(near: NearSlices, budget: Budget, slice: Slice): void {
  if (near.length >= 2 * NEAR_MAX) forgetNear(near)
  near.push(budget, slice)
}

export function forgetNear(near: NearSlices): void {
  near.length = 0
}
