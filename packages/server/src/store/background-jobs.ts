// Background work at providers: opened once, claimed by the node that looks after it, finished once.

import type { BackgroundJob } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export async function insertJob(sql: Sql | Transaction, node: string, job: BackgroundJob, claimSeconds: number): Promise<void> {
  await sql`
    insert into background_job (id, customer_id, kind, provider_id, job, claimed_by, claimed_until)
    values (${job.id}, ${job.customer}, ${job.kind}, ${job.providerId}, ${JSON.stringify(job)}::text::jsonb, ${node}, now() + make_interval(secs => ${claimSeconds}))
    on conflict (id) do nothing`
}

export async function claimJobs(sql: Sql, node: string, limit: number, claimSeconds: number): Promise<BackgroundJob[]> {
  const rows = await sql<{ job: BackgroundJob }[]>`
    update background_job set claimed_by = ${node}, claimed_until = now() + make_interval(secs => ${claimSeconds})
    where id in (
      select id from background_job where finished_at is null and (claimed_until < now() or claimed_by = ${node})
      order by claimed_until limit ${limit} for update skip locked
    ) returning job`
  return rows.map(({ job }) => job)
}

export async function finishJobRow(sql: Sql | Transaction, id: string): Promise<void> {
  await sql`update background_job set finished_at = now() where id = ${id} and finished_at is null`
}

export async function findJob(sql: Sql, customer: string, providerId: string): Promise<{ readonly job: BackgroundJob; readonly isFinished: boolean } | null> {
  const [row] = await sql<{ job: BackgroundJob; isFinished: boolean }[]>`
    select job, finished_at is not null as "isFinished" from background_job where customer_id = ${customer} and provider_id = ${providerId} order by opened_at desc limit 1`
  return row ?? null
}

/** Finished jobs are forgotten after a while, with the right to ask the provider for their results. */
export async function forgetJobs(sql: Sql, before: Date): Promise<number> {
  return (await sql`delete from background_job where finished_at < ${before.toISOString()}::timestamptz`).count
}
