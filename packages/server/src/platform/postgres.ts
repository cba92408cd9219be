// The one way to a database: a pool of connections whose types are the domain's. int8 is a bigint, numeric stays decimal
// text, timestamptz is an Instant (epoch milliseconds) both ways, date is text, json is parsed. Nothing here knows a table.

import { setTimeout as delay } from 'node:timers/promises'
import { instant } from '@tollgate/core'
import type { Instant } from '@tollgate/core'
import type { Sql as DriverSql, TransactionSql } from 'postgres'
import { postgres } from './postgres-driver.ts'

type DomainTypes = { readonly bigint: bigint; readonly instant: Instant }
export type Sql = DriverSql<DomainTypes>
/** The same, inside one transaction. */
export type Transaction = TransactionSql<DomainTypes>

export type ConnectOptions = {
  /** postgres://user:password@host:port/database; a Unix socket's folder goes into `?host=`. */
  readonly url: string
  /** Shown in pg_stat_activity. */
  readonly applicationName: string
  /** Connections of the pool; default 10. They open on demand. */
  readonly max?: number
}

/**
 * The type to name for an array of bigints: `unnest(${sql.array(amounts, INT8)}::int8[])`. The driver takes a plain array of
 * bigints for a single one. Arrays of text, numbers and instants need no help.
 */
export const INT8 = 20

/** A transaction is tried again this often after a conflict: with rows locked in one order conflicts are rare, and a fourth means something else. */
export const TRANSACTION_RETRIES_MAX = 3
const RETRY_DELAY_MS = 20
const CONNECT_TIMEOUT_SECONDS = 10
/** A database that was away is met again this long after it is back; the driver's own pause grows to twenty. */
const RECONNECT_PAUSE_SECONDS_MAX = 0.5

const CONFLICTS: ReadonlySet<string> = new Set(['40001', '40P01'])
/** What libpq understands in a URL and a server would refuse as a setting. */
const CLIENT_ONLY_PARAMETERS = ['channel_binding', 'gssencmode', 'target_session_attrs', 'connect_timeout', 'sslcert', 'sslkey', 'sslcrl', 'passfile']

/** Opens nothing yet: the first query does. End it with `sql.end()`. */
export function connect(options: ConnectOptions): Sql {
  const { url, host } = splitSocket(options.url)
  return postgres(url, {
    ...(host === null ? {} : { host }),
    max: options.max ?? 10,
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    backoff: (attempts: number) => Math.min(0.02 * 2 ** attempts, RECONNECT_PAUSE_SECONDS_MAX),
    onnotice: () => {},
    connection: { application_name: options.applicationName, TimeZone: 'UTC' },
    types: { bigint: int8, instant: timestamptz, date: { to: 1082, from: [1082], serialize: String, parse: String } },
  }) as unknown as Sql
}

/**
 * Runs `work` in a transaction, and again when PostgreSQL gave it up for a concurrent one (serialization failure,
 * deadlock): at most {@link TRANSACTION_RETRIES_MAX} times, after a growing pause with jitter. `work` must have no effects outside.
 */
export async function withRetry<T>(sql: Sql, work: (tx: Transaction) => Promise<T>): Promise<T> {
  for (let retry = 0; ; retry++) {
    try {
      return (await sql.begin(work)) as T
    } catch (error) {
      if (!isConflict(error) || retry === TRANSACTION_RETRIES_MAX) throw error
      await delay(RETRY_DELAY_MS * 2 ** retry * (0.5 + Math.random()))
    }
  }
}

/** True for an error of the database with this SQLSTATE, such as `23505` for a duplicate key. */
export function isSqlState(error: unknown, state: string): boolean {
  return error instanceof postgres.PostgresError && error.code === state
}

function isConflict(error: unknown): boolean {
  return error instanceof postgres.PostgresError && CONFLICTS.has(error.code)
}

/** The driver takes a socket's folder as an option only, while psql reads it from the URL: `?host=/folder`. */
function splitSocket(text: string): { readonly url: string; readonly host: string | null } {
  const url = new URL(text)
  const host = url.searchParams.get('host')
  url.searchParams.delete('host')
  for (const name of CLIENT_ONLY_PARAMETERS) url.searchParams.delete(name)
  return { url: url.href, host }
}

const int8 = { to: 20, from: [20], serialize: (value: bigint | number) => value.toString(), parse: BigInt }

const timestamptz = {
  to: 1184,
  from: [1184],
  /** Text is passed on: arrays of instants come as it. */
  serialize: (value: Instant | Date | string) => (typeof value === 'string' ? value : new Date(value).toISOString()),
  /** `2026-03-01 12:00:00.123456+00`: always UTC, because the connection says so. Microseconds are truncated. */
  parse: (text: string): Instant => {
    const epochMs = Date.parse(`${text.slice(0, 10)}T${text.slice(11).replace(/\+00$/, 'Z')}`)
    if (Number.isNaN(epochMs)) throw new RangeError(`not an instant of our time: ${text}`)
    return instant(epochMs)
  },
}
