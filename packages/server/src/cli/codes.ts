// `tollgate codes create | list | end`: redemption codes from a terminal. The codes go to standard output, one a line, and everything else to
// standard error, so that `> codes.txt` keeps the only copy that there is.

import type { Command } from 'commander'
import * as z from 'zod'
import { connect, understood } from './client.ts'
import { CliError, print, printJson, runCommand, say, type CliDeps } from './output.ts'

const JSON_OPTION = ['--json', 'print JSON instead of text'] as const
type JsonOnly = { readonly json?: true }
type CreateOptions = JsonOnly & {
  readonly name: string; readonly credits?: string; readonly asset?: string; readonly days?: string; readonly features?: string; readonly plan?: string; readonly addOn?: string; readonly count?: string; readonly code?: readonly string[]
  readonly max?: string; readonly perCustomer?: string; readonly starts?: string; readonly expires?: string
}

const batchShape = z.object({ id: z.string(), name: z.string(), codes: z.number(), redemptions: z.number(), redemptions_max: z.number().nullable(), expires_at: z.string().nullable(), ended_at: z.string().nullable() }).loose()
const madeShape = z.object({ batch: batchShape, codes: z.array(z.string()) })

export function registerCodesCommands(program: Command, deps: CliDeps): void {
  const codes = program.command('codes').description('codes that customers redeem for credits, a plan or an add-on')
  codes.command('create').description('make a batch of codes; they are printed once and kept as hashes')
    .requiredOption('--name <text>', 'shown to people')
    .option('--credits <amount>', 'credits that a code gives').option('--asset <asset>', 'of the credits: a currency or a credit asset').option('--days <count>', 'days that the credits last; for ever unless stated').option('--features <ids>', 'features that the credits pay for, with commas; all unless stated')
    .option('--plan <id>', 'plan that a code gives').option('--add-on <id[:quantity]>', 'add-on that a code gives')
    .option('--count <count>', 'how many codes; one unless stated').option('--code <word...>', 'words of your own instead')
    .option('--max <count>', 'redemptions of each code, `unlimited` for no limit; one unless stated').option('--per-customer <count>', 'redemptions by one customer; one unless stated')
    .option('--starts <time>', 'from when they can be redeemed').option('--expires <time>', 'before when').option(...JSON_OPTION)
    .action((options: CreateOptions) => runCommand(deps, () => create(options, deps)))
  codes.command('list').description('all batches').option(...JSON_OPTION).action((options: JsonOnly) => runCommand(deps, () => list(options, deps)))
  codes.command('end').description('nobody can redeem the codes of a batch any more').argument('<batch>', 'id of the batch').option(...JSON_OPTION)
    .action((batch: string, options: JsonOnly) => runCommand(deps, () => end(batch, options, deps)))
}

async function create(options: CreateOptions, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const body = {
    name: options.name, grants: grantsOf(options), count: options.code === undefined ? wholeOf(options.count ?? '1', '--count') : null, codes: options.code ?? null,
    redemptions_max: options.max === 'unlimited' ? null : wholeOf(options.max ?? '1', '--max'), per_customer_max: wholeOf(options.perCustomer ?? '1', '--per-customer'),
    starts_at: options.starts ?? null, expires_at: options.expires ?? null,
  }
  const made = understood(madeShape, await client.request('POST', '/v1/code-batches', body), client)
  if (options.json) printJson(deps, made)
  else {
    for (const code of made.codes) print(deps, code)
    say(deps, `${made.codes.length} codes of batch ${made.batch.id}. Keep them: they are stored as hashes and cannot be shown again.`)
  }
  return 0
}

function grantsOf({ credits, asset, days, features, plan, addOn }: CreateOptions): unknown {
  if ([credits, plan, addOn].filter((one) => one !== undefined).length !== 1) throw new CliError('say what a code gives: one of --credits, --plan and --add-on')
  if (plan !== undefined) return { kind: 'plan', plan }
  if (addOn !== undefined) {
    const [id, quantity] = addOn.split(':')
    return { kind: 'add_on', add_on: id, quantity: wholeOf(quantity ?? '1', '--add-on') }
  }
  if (asset === undefined) throw new CliError('say with --asset what the credits are of: a currency such as USD, or a credit asset')
  return { kind: 'credits', amount: credits, asset, days: days === undefined ? null : wholeOf(days, '--days'), ...(features === undefined ? {} : { features: features.split(',') }) }
}

function wholeOf(text: string, option: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new CliError(`${option} must be a whole number above zero, got ${text}`)
  return Number(text)
}

async function list(options: JsonOnly, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const { data } = understood(z.object({ data: z.array(batchShape) }).loose(), await client.request('GET', '/v1/code-batches?limit=1000'), client)
  if (options.json) printJson(deps, data)
  else if (data.length === 0) say(deps, 'No codes yet. Make some: tollgate codes create --name Launch --credits 10 --asset USD --count 100')
  else for (const one of data) print(deps, `${one.id}  ${one.name}  ${one.codes} codes  ${one.redemptions} redeemed  ${one.ended_at !== null ? `ended ${one.ended_at}` : one.expires_at !== null ? `until ${one.expires_at}` : 'open'}`)
  return 0
}

async function end(batch: string, options: JsonOnly, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const ended = understood(batchShape, await client.request('DELETE', `/v1/code-batches/${encodeURIComponent(batch)}`), client)
  if (options.json) printJson(deps, ended)
  else print(deps, `Nobody can redeem codes of ${ended.id} any more. What ${ended.redemptions} redemptions gave stays.`)
  return 0
}
