// Open and recently finished reservations of one node. A finished one is remembered for a while, so that a retried settle
// or release gets the first answer; after that the dedupe table of the settlement still stands between it and a charge.

import {
  DOUBT_REQUEST_MS, RESERVATIONS_PER_NODE_MAX, RESERVATION_REPLAY_MS,
  type Budget, type Catalog, type Clock, type CustomerSnapshot, type EntityId, type Hold, type RateTake, type Instant, type Position, type ReservationId, type Units,
} from '@tollgate/core'
import type { CustomerState } from './customer-state.ts'
import type { AuthorizeInput, Degrade, Settled, Warning } from './contract.ts'
import { encodeIntent } from './journal-line.ts'

export type Reservation = {
  readonly id: ReservationId
  readonly state: CustomerState
  /** What the request was admitted under: its use is booked to those periods, however late it settles. */
  readonly known: KnownThen
  /** As admitted, with the bound of its latest extension. */
  input: AuthorizeInput
  readonly entity: EntityId | null
  /** Everything of the request that must be equal for a replay. */
  readonly fingerprint: string
  readonly createdAt: Instant
  readonly expiresAt: Instant
  holds: readonly Hold[]
  /** The limits that its usage is booked on; null where they are found by what was used. */
  readonly limits: readonly Budget[] | null
  /** What its rates gave. */
  readonly takes: readonly RateTake[]
  /** What it was changed to, and what did not hold: the same for a replay. */
  readonly degrade: Degrade | null
  readonly warnings: readonly Warning[]
  /** The share of its bound that it was expected to use; undefined for nothing. */
  readonly expectedShare: number | undefined
  estimate: Units
  status: 'open' | 'settled' | 'released' | 'expired'
  /** The answer of the first settle and what it was asked, for replays. */
  settled: { readonly answer: Settled; readonly fingerprint: string } | null
}

/** A customer as it was at one time. */
export type KnownThen = { readonly snapshot: CustomerSnapshot; readonly catalog: Catalog; readonly positions: Map<string, Position> }

export type ReservationBook = {
  readonly get: (id: string) => Reservation | undefined
  readonly add: (reservation: Reservation) => void
  /** Keeps a finished reservation for replays, where it may be repeated. */
  readonly finish: (reservation: Reservation, clock: Clock) => void
  readonly openCount: () => number
  readonly isFull: () => boolean
  /** Of all that is open, as the journal keeps them. */
  readonly intents: () => string[]
  /** Open reservations whose time is over, and forgets the finished ones past their replay time. */
  readonly sweep: (now: Instant) => Reservation[]
}

/** The reservation as the journal keeps it: noted at its admission, and again when its hold is raised. */
export function intentOf(reservation: Reservation): string {
  const { id, input, createdAt, expiresAt, estimate, holds } = reservation
  const endsAt = input.repeatable || input.outlives === true ? expiresAt : Math.min(expiresAt, createdAt + DOUBT_REQUEST_MS)
  return encodeIntent({ reservation: id, customer: input.customer, time: createdAt, endsAt, estimate, holds })
}

/** How often the book looks for reservations whose time is over; a hold may stand that much longer. */
export const SWEEP_INTERVAL_MS = 1_000

/**
 * Where an open reservation stands; emptied when it ends. A map replaces its table when that is full of deleted entries, and the old table
 * goes on pointing to what it held and to its successor: once one of them has grown old, a chain of dead tables keeps nearly every request
 * from being collected young. So they point to places, and places to nothing.
 */
type Place = { reservation: Reservation | undefined }

export function reservationBook(): ReservationBook {
  const open = openReservations()
  const finished = new Map<string, { readonly reservation: Reservation; readonly forgetAt: number }>()
  return {
    get: (id) => open.get(id) ?? (finished.size === 0 ? undefined : finished.get(id)?.reservation),
    add: open.add,
    finish: (reservation, clock) => {
      open.delete(reservation)
      if (reservation.input.repeatable) finished.set(reservation.id, { reservation, forgetAt: clock.now() + RESERVATION_REPLAY_MS })
    },
    openCount: open.size,
    isFull: () => open.size() >= RESERVATIONS_PER_NODE_MAX,
    intents: () => [...open.all()].map(intentOf),
    sweep: (now) => {
      for (const [id, { forgetAt }] of finished) {
        if (forgetAt > now && finished.size <= RESERVATIONS_PER_NODE_MAX) break
        finished.delete(id)
      }
      const expired: Reservation[] = []
      for (const reservation of open.all()) if (reservation.expiresAt <= now) expired.push(reservation)
      return expired
    },
  }
}

/**
 * Reservations by id. They are kept under the number that the end of an id spells: a map of numbers is five times as fast as one of
 * new texts, and ids of a node end in its counter. One that spells the same number as another is kept under its whole id.
 */
function openReservations() {
  const byNumber = new Map<number, Place>()
  const byId = new Map<string, Place>()
  const placeOf = (id: string): Place | undefined => {
    const place = byNumber.get(numberOf(id))
    return place?.reservation?.id === id ? place : byId.size === 0 ? undefined : byId.get(id)
  }
  return {
    get: (id: string): Reservation | undefined => placeOf(id)?.reservation,
    add: (reservation: Reservation): void => {
      const number = numberOf(reservation.id)
      const other = byNumber.get(number)?.reservation
      if (other === undefined || other.id === reservation.id) byNumber.set(number, { reservation })
      else byId.set(reservation.id, { reservation })
    },
    delete: ({ id }: Reservation): void => {
      const place = placeOf(id)
      if (place === undefined) return
      place.reservation = undefined
      const number = numberOf(id)
      if (byNumber.get(number) === place) byNumber.delete(number)
      else byId.delete(id)
    },
    size: () => byNumber.size + byId.size,
    all: function* (): Iterable<Reservation> {
      for (const places of [byNumber.values(), byId.values()]) for (const { reservation } of places) if (reservation !== undefined) yield reservation
    },
  }
}

/** Its last six characters as digits of base 32, which are what a node counts in. Other characters are taken for some digit. */
function numberOf(id: string): number {
  let number = 0
  for (let index = Math.max(0, id.length - 6); index < id.length; index++) {
    const code = id.charCodeAt(index)
    number = (number << 5) | ((code < A_CODE ? code - ZERO_CODE : code - A_CODE + 10) & 31)
  }
  return number
}

const ZERO_CODE = 48
const A_CODE = 97
