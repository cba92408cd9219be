// The values that dimensions have had, for one customer and meter. They bound how many rows a rollup can have, and answer what
// there is to choose from.

import type { Sql, Transaction } from '../platform/postgres.ts'

export type DimensionValue = { readonly customer: string; readonly meter: string; readonly dimension: string; readonly value: string }
export type DimensionName = Omit<DimensionValue, 'value'>

/** Which of `wanted` are known. */
export async function readKnownValues(sql: Sql | Transaction, wanted: readonly DimensionValue[]): Promise<DimensionValue[]> {
  return sql<DimensionValue[]>`
    select v.customer_id as customer, v.meter, v.dimension, v.value from dimension_value v
    join unnest(${wanted.map(({ customer }) => customer)}::text[], ${wanted.map(({ meter }) => meter)}::text[], ${wanted.map(({ dimension }) => dimension)}::text[], ${wanted.map(({ value }) => value)}::text[])
      as n(customer_id, meter, dimension, value) using (customer_id, meter, dimension, value)`
}

/** How many values each dimension has. */
export async function countDimensionValues(sql: Sql | Transaction, names: readonly DimensionName[]): Promise<(DimensionName & { readonly count: number })[]> {
  return sql<(DimensionName & { count: number })[]>`
    select n.customer_id as customer, n.meter, n.dimension,
      (select count(*)::int from dimension_value v where v.customer_id = n.customer_id and v.meter = n.meter and v.dimension = n.dimension) as count
    from unnest(${names.map(({ customer }) => customer)}::text[], ${names.map(({ meter }) => meter)}::text[], ${names.map(({ dimension }) => dimension)}::text[]) as n(customer_id, meter, dimension)`
}

export async function insertDimensionValues(tx: Transaction, rows: readonly DimensionValue[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    insert into dimension_value (customer_id, meter, dimension, value)
    select * from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ meter }) => meter)}::text[], ${rows.map(({ dimension }) => dimension)}::text[], ${rows.map(({ value }) => value)}::text[])
    on conflict do nothing`
}

/** Records dimensions that have passed their bound; returns those that had not before, so that each is told once. */
export async function insertOverflows(tx: Transaction, rows: readonly DimensionValue[]): Promise<DimensionValue[]> {
  if (rows.length === 0) return []
  return tx<DimensionValue[]>`
    insert into dimension_overflow (customer_id, meter, dimension, first_value)
    select * from unnest(${rows.map(({ customer }) => customer)}::text[], ${rows.map(({ meter }) => meter)}::text[], ${rows.map(({ dimension }) => dimension)}::text[], ${rows.map(({ value }) => value)}::text[])
    on conflict do nothing returning customer_id as customer, meter, dimension, first_value as value`
}

export async function listDimensionValues(sql: Sql, input: { readonly customer: string | null; readonly meter: string; readonly dimension: string; readonly limit: number }): Promise<string[]> {
  const rows = await sql<{ value: string }[]>`
    select distinct value from dimension_value
    where (${input.customer}::text is null or customer_id = ${input.customer}) and meter = ${input.meter} and dimension = ${input.dimension} order by value limit ${input.limit}`
  return rows.map(({ value }) => value)
}

/** All values of a customer that are counted by themselves. */
export async function knownValues(sql: Sql | Transaction, customer: string): Promise<DimensionValue[]> {
  return sql<DimensionValue[]>`select customer_id as customer, meter, dimension, value from dimension_value where customer_id = ${customer}`
}
