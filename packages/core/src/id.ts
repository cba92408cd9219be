// Prefixed ids: `cus_…`, `evt_…`. The prefix says what a stranger holds; the rest is opaque. Core makes no randomness:
// the shell passes it in.

import { InputError } from './assert.ts'

export const ID_PREFIXES = {
  customer: 'cus',
  entity: 'ent',
  key: 'key',
  portalSession: 'pts',
  event: 'evt',
  pseudonym: 'psn',
  reservation: 'res',
  decision: 'dec',
  block: 'blk',
  payment: 'pay',
  codeBatch: 'cbt',
  redemption: 'rdm',
  refund: 'rfd',
  creditMove: 'mov',
  budgetMove: 'bmv',
  transfer: 'trf',
  subscription: 'sub',
  signingKey: 'sgk',
  webhook: 'whk',
  alertRecipient: 'alr',
  fact: 'fct',
  grant: 'gnt',
  clock: 'clk',
  invoice: 'inv',
  invoiceItem: 'ini',
  creditNote: 'crn',
  batch: 'bat',
  upstream: 'ups',
  request: 'req',
  node: 'nod',
} as const

export type IdKind = keyof typeof ID_PREFIXES
declare const idBrand: unique symbol
export type Id<K extends IdKind> = string & { readonly [idBrand]: K }
export type CustomerId = Id<'customer'>
export type EntityId = Id<'entity'>
export type ReservationId = Id<'reservation'>

/** `random` is a string of letters and digits from the shell, unguessable and ordered by time where order helps. */
export function makeId<K extends IdKind>(kind: K, random: string): Id<K> {
  return `${ID_PREFIXES[kind]}_${random}` as Id<K>
}

/** Accepts ids that we made and ids that a client chose, as long as prefix and alphabet hold. */
export function parseId<K extends IdKind>(kind: K, text: string, field: string = kind): Id<K> {
  const prefix = ID_PREFIXES[kind]
  if (!text.startsWith(`${prefix}_`) || !/^[a-z]{3}_[A-Za-z0-9_-]{1,60}$/.test(text)) {
    throw new InputError({ code: 'invalid_id', field, message: `${field} must look like ${prefix}_… (letters, digits, _ and -, at most 64 characters), got ${JSON.stringify(text.slice(0, 80))}` })
  }
  return text as Id<K>
}
