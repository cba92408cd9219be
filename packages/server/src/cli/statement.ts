// `tollgate statement CUSTOMER` writes a customer's ledger as a file; `tollgate verify FILE` checks such a file without a server:
// that no transfer was changed, left out or added, that the signatures fit, and that the events are those that were charged.

import { createReadStream, createWriteStream, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { KeyObject } from 'node:crypto'
import type { Command } from 'commander'
import * as z from 'zod'
import { formatInstant } from '@tollgate/core'
import { systemClock } from '../platform/clock.ts'
import { connect, type Client } from './client.ts'
import { CliError, paint, print, printJson, runCommand, say, type CliDeps } from './output.ts'
import { publicKeyOf, statementChecker, statementLine, type Verification } from './statement-file.ts'

const ROWS_PER_PAGE = 1_000

export function registerStatementCommands(program: Command, deps: CliDeps): void {
  program
    .command('statement')
    .description('write a customer’s ledger as a file that `tollgate verify` checks')
    .argument('<customer>', 'id of the customer')
    .option('--out <file>', 'file to write; standard output unless given')
    .option('--events', 'with the events behind the transfers, so that they can be checked too')
    .action((customer: string, options: StatementOptions) => runCommand(deps, () => statement(customer, options, deps)))
  program
    .command('verify')
    .description('check a statement without a server; exit code 0: it is what was posted, 1: it is not')
    .argument('<file>', 'statement, - for standard input')
    .option('--keys <file>', 'public keys that you kept, as GET /v1/ledger/keys answered them; those of the file are not believed then')
    .option('--json', 'print JSON instead of text')
    .action((file: string, options: VerifyOptions) => runCommand(deps, () => verifyStatement(file, options, deps)))
}

type StatementOptions = { readonly out?: string; readonly events?: true }
type VerifyOptions = { readonly keys?: string; readonly json?: true }

async function statement(customer: string, options: StatementOptions, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const out = options.out === undefined ? deps.stdout : createWriteStream(options.out, { mode: 0o600 })
  const path = `/v1/customers/${encodeURIComponent(customer)}`
  let lines = 0
  const write = async (line: Readonly<Record<string, unknown>>) => {
    lines += 1
    if (!out.write(`${JSON.stringify(line)}\n`)) await once(out, 'drain')
  }
  await write({ kind: 'statement', version: 1, customer, exported_at: formatInstant(systemClock.now()), events: options.events === true })
  for await (const row of rowsOf(client, '/v1/ledger/keys')) await write({ kind: 'key', ...row })
  for await (const row of rowsOf(client, `${path}/ledger`)) await write({ kind: 'transfer', ...row })
  for await (const row of rowsOf(client, `${path}/ledger/checkpoints`)) await write({ kind: 'checkpoint', ...row })
  if (options.events) for await (const { source, id, type, time, amount, currency, batch, period_start } of rowsOf(client, `${path}/events`)) await write({ kind: 'event', source, id, type, time, amount, currency, batch, period_start })
  if (options.out !== undefined) {
    out.end()
    await once(out, 'finish')
    say(deps, `${options.out}: ${lines} lines. Check it with: tollgate verify ${options.out}`)
  }
  return 0
}

const page = z.looseObject({ data: z.array(z.record(z.string(), z.unknown())), next_cursor: z.string().nullable() })

async function* rowsOf(client: Client, path: string): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const isPaged = path !== '/v1/ledger/keys'
  for (let cursor: string | null = null; ; ) {
    const query = isPaged ? `?limit=${ROWS_PER_PAGE}${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}` : ''
    const { data, next_cursor } = page.parse(await client.request('GET', `${path}${query}`))
    yield* data
    if (next_cursor === null) return
    cursor = next_cursor
  }
}

async function verifyStatement(file: string, options: VerifyOptions, deps: CliDeps): Promise<number> {
  const checker = statementChecker(options.keys === undefined ? null : trustedKeys(options.keys))
  let number = 0
  try {
    for await (const text of createInterface({ input: file === '-' ? deps.stdin : createReadStream(file), crlfDelay: Infinity })) {
      number += 1
      if (text === '') continue
      const line = statementLine.safeParse(jsonOf(text))
      if (!line.success || (number === 1) !== (line.data.kind === 'statement')) throw new CliError(`${file} line ${number} is no line of a statement.`, 'Write one with: tollgate statement <customer> --out FILE')
      checker.take(line.data)
    }
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`)
  }
  if (number === 0) throw new CliError(`${file} is empty.`)
  const found = checker.end()
  if (options.json) printJson(deps, { verified: found.problems.length === 0, ...found })
  else show(found, deps)
  return found.problems.length === 0 ? 0 : 1
}

function show(found: Verification, deps: CliDeps): void {
  const { problems } = found
  print(deps, `${found.customer}: ${found.transfers} transfers, ${found.events} events, ${found.checkpoints} checkpoints`)
  for (const problem of problems) print(deps, `${paint(deps.stdout, 'red', 'wrong')}  ${problem}`)
  if (problems.length > 0) return
  const unsigned = found.transfers - found.unchained - found.signedUpTo
  print(deps, `${paint(deps.stdout, 'green', 'verified')}  nothing was changed, left out or added; signed up to transfer ${found.signedUpTo}${unsigned > 0 ? `, ${unsigned} after the last checkpoint` : ''}`)
  if (found.unchained > 0) print(deps, `${found.unchained} transfers are older than the chain; nothing can be said of them`)
}

function trustedKeys(file: string): Map<string, KeyObject> {
  const shape = z.looseObject({ data: z.array(z.looseObject({ id: z.string(), public_key: z.string() })) })
  const parsed = shape.safeParse(jsonOf(readFileSync(file, 'utf8')))
  if (!parsed.success) throw new CliError(`${file} holds no keys.`, 'It is what GET /v1/ledger/keys answers.')
  return new Map(parsed.data.data.map(({ id, public_key }) => [id, publicKeyOf(public_key)]))
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
