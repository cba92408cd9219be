// Which closed days were exported, and which days of usage were touched by what was settled on one.

import type { Sql } from '../platform/postgres.ts'

/** The next closed day that was not exported; null when there is none. */
export async function nextExportDay(sql: Sql): Promise<string | null> {
  const [row] = await sql<{ day: string | null }[]>`select min(b.day) as day from book_day b where not exists (select from export_day e where e.day = b.day)`
  return row?.day ?? null
}

/** Days of use whose events were settled on the day: late and corrected ones change a day that was written before. */
export async function usageDaysSettledOn(sql: Sql, day: string): Promise<string[]> {
  const rows = await sql<{ day: string }[]>`select distinct day from usage_day where posted_on = ${day}::text::date order by 1`
  return rows.map((row) => row.day)
}

export async function markExported(sql: Sql, day: string, files: number): Promise<void> {
  await sql`insert into export_day (day, files) values (${day}::text::date, ${files}) on conflict do nothing`
}
