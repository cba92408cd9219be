// Contracts of customers as versions, the highest in force, and coupons with their redemptions. The count of redemptions is moved by
// one statement with its limit, so that it is never passed however many redeem at once.

import type { ContractDocument, Coupon, Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type ContractRow = { readonly customer: string; readonly version: number; /** Null where the version ended it. */ readonly document: ContractDocument | null; readonly appliedAt: Instant; readonly appliedBy: string }

/** The contracts in force; customers without one are missing. */
export async function contractsOf(sql: Sql | Transaction, customers: readonly string[]): Promise<Map<string, ContractDocument>> {
  const rows = await sql<{ customer: string; document: ContractDocument | null }[]>`
    select distinct on (customer_id) customer_id as customer, document from contract_version where customer_id = any(${customers as string[]}::text[]) order by customer_id, version desc`
  return new Map(rows.flatMap(({ customer, document }) => (document === null ? [] : [[customer, document]])))
}

/** All contracts in force, in pages by customer: what publishing a catalog must not break. */
export async function contractsAfter(sql: Sql | Transaction, after: string, limit: number): Promise<readonly { readonly customer: string; readonly document: ContractDocument }[]> {
  return sql<{ customer: string; document: ContractDocument }[]>`
    select customer_id as customer, document from (
      select distinct on (customer_id) customer_id, document from contract_version where customer_id > ${after} order by customer_id, version desc) latest
    where document is not null order by customer_id limit ${limit}`
}

/** Whose contract sets a limit or an allowance itself. */
export async function contractsWithLimits(sql: Sql): Promise<string[]> {
  const rows = await sql<{ customer: string }[]>`
    select customer_id as customer from (select distinct on (customer_id) customer_id, document from contract_version order by customer_id, version desc) latest
    where exists (select 1 from jsonb_array_elements(document -> 'phases') phase where phase -> 'limits' <> '[]' or phase -> 'allowances' <> '[]') order by customer_id`
  return rows.map(({ customer }) => customer)
}

/** Whose contract begins, ends or comes to its next phase on one of the days from `first` to `last`. */
export async function contractsTurning(sql: Sql, days: { readonly first: string; readonly last: string }): Promise<string[]> {
  const rows = await sql<{ customer: string }[]>`
    select customer_id as customer from (select distinct on (customer_id) customer_id, document from contract_version order by customer_id, version desc) latest
    where document ->> 'to' between ${days.first} and ${days.last}
      or exists (select 1 from jsonb_array_elements(document -> 'phases') phase where phase ->> 'from' between ${days.first} and ${days.last}) order by customer_id`
  return rows.map(({ customer }) => customer)
}

export async function contractHistory(sql: Sql | Transaction, customer: string, limit: number): Promise<ContractRow[]> {
  return sql<ContractRow[]>`
    select customer_id as customer, version, document, applied_at as "appliedAt", applied_by as "appliedBy" from contract_version
    where customer_id = ${customer} order by version desc limit ${limit}`
}

/** Called under the lock of the customer. */
export async function insertContract(tx: Transaction, input: { readonly customer: string; readonly document: ContractDocument | null; readonly actor: string }): Promise<number> {
  const [row] = await tx<{ version: number }[]>`
    insert into contract_version (customer_id, version, document, applied_by)
    select ${input.customer}, coalesce(max(version), 0) + 1, ${input.document === null ? null : tx.json(input.document as never)}::jsonb, ${input.actor} from contract_version where customer_id = ${input.customer}
    returning version`
  return row!.version
}

export type CouponRow = { readonly coupon: Coupon; readonly redemptions: number; readonly createdAt: Instant; readonly endedAt: Instant | null }
type CouponText = { readonly document: Coupon; readonly redemptions: number; readonly createdAt: Instant; readonly endedAt: Instant | null }

export async function insertCoupon(tx: Transaction, coupon: Coupon): Promise<boolean> {
  const rows = await tx`insert into coupon (code, document, redemptions_max) values (${coupon.code}, ${tx.json(coupon as never)}, ${coupon.redemptionsMax}) on conflict do nothing returning code`
  return rows.length > 0
}

export async function findCoupon(sql: Sql | Transaction, code: string): Promise<CouponRow | null> {
  const [row] = await sql<CouponText[]>`select document, redemptions, created_at as "createdAt", ended_at as "endedAt" from coupon where code = ${code}`
  return row === undefined ? null : couponOf(row)
}

export async function listCoupons(sql: Sql, input: { readonly after: string | null; readonly limit: number }): Promise<CouponRow[]> {
  const rows = await sql<CouponText[]>`
    select document, redemptions, created_at as "createdAt", ended_at as "endedAt" from coupon where ${input.after}::text is null or code > ${input.after} order by code limit ${input.limit}`
  return rows.map(couponOf)
}

/** What was redeemed stays; nobody can redeem it any more. */
export async function endCoupon(tx: Transaction, code: string): Promise<void> {
  await tx`update coupon set ended_at = coalesce(ended_at, now()) where code = ${code}`
}

/** False where it was used up or ended meanwhile. */
export async function countRedemption(tx: Transaction, code: string): Promise<boolean> {
  const rows = await tx`update coupon set redemptions = redemptions + 1 where code = ${code} and ended_at is null and (redemptions_max is null or redemptions < redemptions_max) returning code`
  return rows.length > 0
}

/** False where the customer has redeemed it before. */
export async function insertRedemption(tx: Transaction, input: { readonly customer: string; readonly code: string; readonly fromPeriod: Instant }): Promise<boolean> {
  const rows = await tx`
    insert into coupon_redemption (customer_id, code, from_period) values (${input.customer}, ${input.code}, ${input.fromPeriod}) on conflict do nothing returning code`
  return rows.length > 0
}

export type RedemptionRow = { readonly customer: string; readonly coupon: Coupon; readonly redeemedAt: Instant; readonly fromPeriod: Instant }

/** In the order in which they were redeemed: that in which they are applied. */
export async function redemptionsOf(sql: Sql | Transaction, customers: readonly string[]): Promise<RedemptionRow[]> {
  return sql<RedemptionRow[]>`
    select r.customer_id as customer, c.document as coupon, r.redeemed_at as "redeemedAt", r.from_period as "fromPeriod" from coupon_redemption r join coupon c on c.code = r.code
    where r.customer_id = any(${customers as string[]}::text[]) order by r.customer_id, r.redeemed_at, r.code`
}

function couponOf({ document, ...rest }: CouponText): CouponRow {
  return { coupon: document, ...rest }
}
