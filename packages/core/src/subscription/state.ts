// The state machine of a subscription as a table: what each event does in each state, and why it does nothing where it does
// nothing. Blocking facts (a dispute, an operator's hold) lie over the commercial state and hide it, so that what happens under a
// dispute is not lost when it ends. Knows no time: fold.ts feeds it events in order.

import type { Standing } from '../entitlement/snapshot.ts'

/** Where the commercial agreement stands, without what blocks it. */
export type BaseState = 'incomplete' | 'trialing' | 'active' | 'grace' | 'suspended' | 'paused' | 'cancelled' | 'expired'
export type SubscriptionState = BaseState | 'disputed'

export const SUBSCRIPTION_STATES: readonly SubscriptionState[] = ['incomplete', 'trialing', 'active', 'grace', 'suspended', 'paused', 'disputed', 'cancelled', 'expired']

export type CommercialEvent =
  | 'trial_started'
  | 'activated'
  | 'payment_succeeded'
  | 'payment_failed'
  | 'collection_stopped'
  | 'trial_converted'
  | 'trial_ended'
  | 'grace_ended'
  | 'paused'
  | 'resumed'
  | 'cancelled'
  | 'reactivated'
  | 'term_ended'

export type BlockingEvent = 'dispute_opened' | 'dispute_won' | 'dispute_lost' | 'hold_placed' | 'hold_lifted'

export type Block = { readonly kind: 'dispute' | 'hold'; readonly ref: string }
export type MachineEvent = { readonly kind: CommercialEvent } | { readonly kind: BlockingEvent; readonly ref: string; /** What a lost dispute does to the agreement under it. */ readonly lost?: 'suspend' | 'cancel' | 'nothing' }
export type MachineState = { readonly base: BaseState; readonly blocks: readonly Block[] }

export type Effect =
  /** The stages of dunning begin, or are over: the fold keeps their clock. */
  | { readonly kind: 'start_dunning' }
  | { readonly kind: 'stop_dunning' }
  /** A durable event of this name. */
  | { readonly kind: 'announce'; readonly name: string }
  /** Nothing happens, and this is why. */
  | { readonly kind: 'ignore'; readonly reason: string }

type Cell = BaseState | { readonly ignored: string }
const ignored = (reason: string): Cell => ({ ignored: reason })
const SAME = ignored('it is so already')
const OVER = ignored('the subscription is over')

/** Every state × event. A state that names itself starts anew: the trial is longer, the payment failed again. */
export const TRANSITIONS: Readonly<Record<BaseState, Readonly<Record<CommercialEvent, Cell>>>> = {
  incomplete: {
    trial_started: 'trialing', activated: 'active', payment_succeeded: 'active', payment_failed: ignored('it never was active: it waits for its first payment'),
    collection_stopped: 'expired', trial_converted: 'active', trial_ended: ignored('there is no trial'), grace_ended: ignored('there is no grace'), paused: ignored('nothing runs that could be paused'),
    resumed: ignored('it is not paused'), cancelled: 'cancelled', reactivated: ignored('it is not over'), term_ended: 'expired',
  },
  trialing: {
    trial_started: SAME, activated: 'active', payment_succeeded: ignored('a payment in a trial does not end it'), payment_failed: 'grace',
    collection_stopped: 'suspended', trial_converted: 'active', trial_ended: 'expired', grace_ended: ignored('there is no grace'), paused: 'paused',
    resumed: ignored('it is not paused'), cancelled: 'cancelled', reactivated: ignored('it is not over'), term_ended: 'expired',
  },
  active: {
    trial_started: 'trialing', activated: SAME, payment_succeeded: SAME, payment_failed: 'grace',
    collection_stopped: 'suspended', trial_converted: SAME, trial_ended: ignored('the trial is over already'), grace_ended: ignored('there is no grace'), paused: 'paused',
    resumed: ignored('it is not paused'), cancelled: 'cancelled', reactivated: ignored('it is not over'), term_ended: 'expired',
  },
  grace: {
    trial_started: 'trialing', activated: 'active', payment_succeeded: 'active', payment_failed: ignored('grace runs from the first failure'),
    collection_stopped: 'suspended', trial_converted: 'active', trial_ended: ignored('the trial is over already'), grace_ended: 'suspended', paused: 'paused',
    resumed: ignored('it is not paused'), cancelled: 'cancelled', reactivated: ignored('it is not over'), term_ended: 'expired',
  },
  suspended: {
    trial_started: 'trialing', activated: 'active', payment_succeeded: 'active', payment_failed: ignored('it is suspended already'),
    collection_stopped: SAME, trial_converted: 'active', trial_ended: ignored('the trial is over already'), grace_ended: SAME, paused: 'paused',
    resumed: ignored('it is not paused'), cancelled: 'cancelled', reactivated: 'active', term_ended: 'expired',
  },
  paused: {
    trial_started: 'trialing', activated: 'active', payment_succeeded: ignored('a payment does not end a pause'), payment_failed: ignored('nothing is due in a pause'),
    collection_stopped: 'suspended', trial_converted: 'active', trial_ended: ignored('it is paused'), grace_ended: ignored('there is no grace'), paused: SAME,
    resumed: 'active', cancelled: 'cancelled', reactivated: ignored('it is not over: resume it'), term_ended: 'expired',
  },
  cancelled: {
    trial_started: 'trialing', activated: 'active', payment_succeeded: OVER, payment_failed: OVER,
    collection_stopped: OVER, trial_converted: OVER, trial_ended: OVER, grace_ended: OVER, paused: OVER,
    resumed: OVER, cancelled: SAME, reactivated: 'active', term_ended: OVER,
  },
  expired: {
    trial_started: 'trialing', activated: 'active', payment_succeeded: OVER, payment_failed: OVER,
    collection_stopped: OVER, trial_converted: OVER, trial_ended: OVER, grace_ended: OVER, paused: OVER,
    resumed: OVER, cancelled: OVER, reactivated: 'active', term_ended: SAME,
  },
}

/** One step. The state is new or the same; what the world should hear or do about it is in the effects. */
export function stepSubscription(state: MachineState, event: MachineEvent): { readonly state: MachineState; readonly effects: readonly Effect[] } {
  switch (event.kind) {
    case 'dispute_opened':
      return blocked(state, { kind: 'dispute', ref: event.ref })
    case 'hold_placed':
      return blocked(state, { kind: 'hold', ref: event.ref })
    case 'dispute_won':
      return unblocked(state, { kind: 'dispute', ref: event.ref })
    case 'hold_lifted':
      return unblocked(state, { kind: 'hold', ref: event.ref })
    case 'dispute_lost':
      return lost(state, event)
    default:
      return commercial(state, event.kind)
  }
}

/** What is shown: the agreement, unless it is blocked. What is over stays over. */
export function shownState({ base, blocks }: MachineState): SubscriptionState {
  if (isOver(base)) return base
  if (blocks.some(({ kind }) => kind === 'dispute')) return 'disputed'
  return blocks.length > 0 ? 'suspended' : base
}

export function isOver(state: SubscriptionState): boolean {
  return state === 'cancelled' || state === 'expired'
}

function isDunned(base: BaseState): boolean {
  return base === 'grace' || base === 'suspended'
}

/** What a state permits. */
export function standingOf(state: SubscriptionState): Standing {
  return state === 'active' || state === 'trialing' ? 'good' : state
}

/** Of several agreements of one customer the one that gives more counts: access over none, what runs over what waits or is over. */
export function precedence(state: SubscriptionState): number {
  if (standingOf(state) === 'good' || state === 'grace') return 3
  return isOver(state) ? 0 : state === 'incomplete' ? 1 : 2
}

function commercial(state: MachineState, kind: CommercialEvent): ReturnType<typeof stepSubscription> {
  const cell = TRANSITIONS[state.base][kind]
  if (typeof cell !== 'string') return { state, effects: [{ kind: 'ignore', reason: cell.ignored }] }
  const next = { ...state, base: cell }
  const effects: Effect[] = [...announced(state, next)]
  if (cell === 'grace') effects.push({ kind: 'start_dunning' })
  else if (isDunned(state.base) && !isDunned(cell)) effects.push({ kind: 'stop_dunning' })
  return { state: next, effects }
}

function blocked(state: MachineState, block: Block): ReturnType<typeof stepSubscription> {
  if (state.blocks.some((known) => isSame(known, block))) return { state, effects: [{ kind: 'ignore', reason: `the ${block.kind} is known` }] }
  const next = { ...state, blocks: [...state.blocks, block] }
  return { state: next, effects: announced(state, next) }
}

function unblocked(state: MachineState, block: Block): ReturnType<typeof stepSubscription> {
  const blocks = state.blocks.filter((known) => !isSame(known, block))
  if (blocks.length === state.blocks.length) return { state, effects: [{ kind: 'ignore', reason: `no such ${block.kind} is open` }] }
  const next = { ...state, blocks }
  return { state: next, effects: announced(state, next) }
}

function lost(state: MachineState, event: Extract<MachineEvent, { readonly ref: string }>): ReturnType<typeof stepSubscription> {
  const freed = unblocked(state, { kind: 'dispute', ref: event.ref }).state
  const lostIs = event.lost ?? 'suspend'
  const after = lostIs === 'nothing' ? { state: freed, effects: [] } : commercial(freed, lostIs === 'cancel' ? 'cancelled' : 'collection_stopped')
  const timers = after.effects.filter(({ kind }) => kind === 'stop_dunning')
  return { state: after.state, effects: [...announced(state, after.state), ...timers] }
}

/** What is heard: only what is shown; a change under a block is told when the block is lifted. */
function announced(before: MachineState, after: MachineState): Effect[] {
  const [from, to] = [shownState(before), shownState(after)]
  return from === to ? [] : [{ kind: 'announce', name: announcementOf(from, to) }]
}

/** The name of the event that tells of a change: of what is entered, and for what is good again, out of what. */
export function announcementOf(from: SubscriptionState | null, to: SubscriptionState): string {
  if (to !== 'active') return `subscription.${ENTERED[to]}`
  switch (from) {
    case 'trialing':
      return 'subscription.trial_converted'
    case 'grace':
    case 'suspended':
      return 'subscription.recovered'
    case 'paused':
      return 'subscription.resumed'
    case 'disputed':
      return 'subscription.dispute_resolved'
    case 'cancelled':
    case 'expired':
      return 'subscription.reactivated'
    default:
      return 'subscription.activated'
  }
}

const ENTERED: Readonly<Record<Exclude<SubscriptionState, 'active'>, string>> = {
  incomplete: 'incomplete', trialing: 'trial_started', grace: 'grace_entered', suspended: 'suspended', paused: 'paused', disputed: 'disputed', cancelled: 'cancelled', expired: 'expired',
}

function isSame(a: Block, b: Block): boolean {
  return a.kind === b.kind && a.ref === b.ref
}
