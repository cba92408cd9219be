// Exchange rates by day. Rows are never changed; a day that was imported keeps its rate.

import type { Instant, QuotedRateDocument } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type NewQuote = { readonly day: string; readonly base: string; readonly quote: string; readonly rate: string }

/** How many were new; of the others those that say another rate than is kept. */
export async function insertExchangeRates(tx: Transaction, rows: readonly NewQuote[], source: string): Promise<{ readonly added: number; readonly differing: readonly NewQuote[] }> {
  const columns = [rows.map(({ day }) => day), rows.map(({ base }) => base), rows.map(({ quote }) => quote), rows.map(({ rate }) => rate)] as const
  const added = await tx`
    insert into exchange_rate (day, base, quote, rate, source)
    select day, base, quote, rate, ${source} from unnest(${columns[0]}::text[]::date[], ${columns[1]}::text[], ${columns[2]}::text[], ${columns[3]}::numeric[]) as r(day, base, quote, rate)
    on conflict do nothing returning day`
  const differing = await tx<NewQuote[]>`
    select e.day::text as day, e.base, e.quote, r.rate::text as rate
    from unnest(${columns[0]}::text[]::date[], ${columns[1]}::text[], ${columns[2]}::text[], ${columns[3]}::numeric[]) as r(day, base, quote, rate) join exchange_rate e using (day, base, quote)
    where e.rate <> r.rate order by e.day, e.base, e.quote limit 20`
  return { added: added.count, differing }
}

/** Quotes that were known at `knownAt` of days from `from` on, in these currencies; `isEither`: or of these. */
export async function exchangeRates(sql: Sql | Transaction, of: { readonly currencies: readonly string[]; readonly from: string; readonly knownAt: Instant | null; readonly limit: number; readonly isEither?: boolean }): Promise<QuotedRateDocument[]> {
  return sql<QuotedRateDocument[]>`
    select day::text as day, base, quote, trim_scale(rate)::text as rate, source from exchange_rate
    where (quote = any(${of.currencies as string[]}::text[]) or ${of.isEither ?? false} and base = any(${of.currencies as string[]}::text[])) and day >= ${of.from}::date and (${of.knownAt}::timestamptz is null or imported_at < ${of.knownAt}::timestamptz + interval '1 millisecond')
    order by day desc, base, quote limit ${of.limit}`
}
