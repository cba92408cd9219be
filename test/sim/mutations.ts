// Planted bugs. Each is a rule of enforcement that is left out at one place; the checks must find every one.

/** Name of the bug → what is done wrong. */
export const MUTATIONS = {
  settle_twice: 'a settlement that comes again is charged again',
  close_in_flight: 'a recall takes leases back from under requests in flight',
  skip_replay: 'the leases of a dead process are closed before its journal was read',
  forget_in_flight: 'what a dead process had in flight is free again at once',
  believe_tail: 'after a power cut the journal is believed to be whole: no watermark',
  give_back_twice: 'what is given back is counted twice',
  lend_twice: 'an acquire that comes again lends again',
  release_on_lapse: 'the leases of a silent node are lent again while it may still use them',
  no_margin: 'a node goes on admitting for as long as the authority waits, and longer',
  grant_double: 'a node is told twice of what it was lent',
  keep_partial: 'an acquire that is refused keeps what its other budgets gave',
  late_period: 'a settlement is booked to the period in which it arrives',
  sync_lies: 'the disk says synced, and is not',
  never_close: 'the leases of a dead process are never closed',
} as const

export type MutationName = keyof typeof MUTATIONS
export type Mutation = MutationName | 'none'
