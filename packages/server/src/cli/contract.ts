// `tollgate contract show | check | apply | end` and `tollgate coupon create | list | redeem | end`: what a customer agreed beyond its plan, as a
// file, and what is taken off invoices. Exit codes: 0 done, 1 error or not valid.

import type { Command } from 'commander'
import * as z from 'zod'
import { connect, understood } from './client.ts'
import { readText } from './explain-input.ts'
import { CliError, confirm, isInteractive, print, printJson, runCommand, say, type CliDeps } from './output.ts'

const JSON_OPTION = ['--json', 'print JSON instead of text'] as const
const FILE = 'contract file, YAML or JSON, - for standard input'

type JsonOnly = { readonly json?: true }

export function registerContractCommands(program: Command, deps: CliDeps): void {
  const contract = program.command('contract').description('what one customer agreed beyond its plan, as a file')
  contract.command('show').description('the contract in force and its versions').argument('<customer>', 'id of the customer').option(...JSON_OPTION)
    .action((customer: string, options: JsonOnly) => runCommand(deps, () => show(customer, options, deps)))
  contract.command('check').description('look for mistakes; changes nothing').argument('<customer>', 'id of the customer').argument('<file>', FILE).option(...JSON_OPTION)
    .action((customer: string, file: string, options: JsonOnly) => runCommand(deps, () => check(customer, file, options, deps)))
  contract.command('apply').description('put a contract in force').argument('<customer>', 'id of the customer').argument('<file>', FILE).option('--auto-approve', 'do not ask').option(...JSON_OPTION)
    .action((customer: string, file: string, options: ApplyOptions) => runCommand(deps, () => apply(customer, file, options, deps)))
  contract.command('end').description('end the contract at once').argument('<customer>', 'id of the customer').option('--auto-approve', 'do not ask').option(...JSON_OPTION)
    .action((customer: string, options: ApplyOptions) => runCommand(deps, () => end(customer, options, deps)))
  registerCoupons(program, deps)
}

function registerCoupons(program: Command, deps: CliDeps): void {
  const coupon = program.command('coupon').description('something off invoices, within limits')
  coupon.command('create').description('make a coupon').argument('<code>', 'what customers type')
    .requiredOption('--name <text>', 'text of the invoice line').option('--percent <percent>', 'percent off').option('--amount <amount>', 'amount off').option('--currency <code>', 'of the amount')
    .option('--periods <count>', 'billing periods that it holds for; all unless stated').option('--max <count>', 'redemptions by all customers together').option('--plan <id...>', 'plans that it is for').option('--expires <time>', 'last time to redeem it').option(...JSON_OPTION)
    .action((code: string, options: CouponOptions) => runCommand(deps, () => createCoupon(code, options, deps)))
  coupon.command('list').description('all coupons').option(...JSON_OPTION).action((options: JsonOnly) => runCommand(deps, () => listCoupons(options, deps)))
  coupon.command('redeem').description('redeem a coupon for a customer').argument('<customer>', 'id of the customer').argument('<code>', 'code of the coupon').option(...JSON_OPTION)
    .action((customer: string, code: string, options: JsonOnly) => runCommand(deps, () => redeem(customer, code, options, deps)))
  coupon.command('end').description('nobody can redeem it any more').argument('<code>', 'code of the coupon').option(...JSON_OPTION)
    .action((code: string, options: JsonOnly) => runCommand(deps, () => endCoupon(code, options, deps)))
}

const contractShape = z.object({ customer: z.string(), version: z.number(), document: z.record(z.string(), z.unknown()).nullable(), history: z.array(z.object({ version: z.number(), applied_at: z.string(), applied_by: z.string(), name: z.string().nullable() })) })
const checkShape = z.object({ base_version: z.number(), problems: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })), document: z.record(z.string(), z.unknown()) })
const putShape = z.object({ version: z.number(), changed: z.boolean() })
const couponShape = z.object({
  code: z.string(), name: z.string(), percent: z.string().nullable(), amount: z.string().nullable(), currency: z.string().nullable(), periods: z.number().nullable(), redemptions_max: z.number().nullable(),
  plans: z.array(z.string()).nullable(), expires_at: z.string().nullable(), redemptions: z.number(), created_at: z.string(), ended_at: z.string().nullable(),
})
const redemptionShape = z.object({ code: z.string(), name: z.string(), from: z.string() }).loose()

const pathOf = (customer: string): string => `/v1/customers/${encodeURIComponent(customer)}/contract`

async function show(customer: string, options: JsonOnly, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const shown = understood(contractShape, await client.request('GET', pathOf(customer)), client)
  if (options.json) printJson(deps, shown)
  else if (shown.document === null) say(deps, `${customer} has no contract. Apply one: tollgate contract apply ${customer} FILE`)
  else print(deps, JSON.stringify(shown.document, null, 2))
  if (!options.json) for (const { version, applied_at: at, applied_by: by, name } of shown.history) say(deps, `version ${version}  ${at}  by ${by}  ${name ?? 'ended'}`)
  return 0
}

async function check(customer: string, file: string, options: JsonOnly, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const checked = understood(checkShape, await client.request('POST', `${pathOf(customer)}/check`, { source: await readText(file, deps) }), client)
  if (options.json) printJson(deps, checked)
  else for (const { path, message } of checked.problems) print(deps, `${path}: ${message}`)
  if (!options.json && checked.problems.length === 0) say(deps, `The contract may be applied: tollgate contract apply ${customer} ${file}`)
  return checked.problems.length === 0 ? 0 : 1
}

type ApplyOptions = JsonOnly & { readonly autoApprove?: true }

async function apply(customer: string, file: string, options: ApplyOptions, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const source = await readText(file, deps)
  const checked = understood(checkShape, await client.request('POST', `${pathOf(customer)}/check`, { source }), client)
  for (const { path, message } of checked.problems) say(deps, `${path}: ${message}`)
  if (checked.problems.length > 0) throw new CliError('The contract does not fit, so nothing was changed.')
  await approve(`Put this contract of ${customer} in force at ${client.url}?`, options, deps)
  const outcome = understood(putShape, await client.request('PUT', pathOf(customer), { source, base_version: checked.base_version }), client)
  if (options.json) printJson(deps, outcome)
  else print(deps, outcome.changed ? `Version ${outcome.version} of the contract is in force.` : `No changes: version ${outcome.version} stays in force.`)
  return 0
}

async function end(customer: string, options: ApplyOptions, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  await approve(`End the contract of ${customer} at ${client.url}?`, options, deps)
  const outcome = understood(putShape, await client.request('DELETE', pathOf(customer)), client)
  if (options.json) printJson(deps, outcome)
  else print(deps, outcome.changed ? 'The contract has ended.' : `${customer} has no contract.`)
  return 0
}

async function approve(question: string, options: ApplyOptions, deps: CliDeps): Promise<void> {
  if (options.autoApprove === true) return
  if (!isInteractive(deps)) throw new CliError('Nobody can be asked here, so nothing was changed.', 'Run it with --auto-approve.')
  if (!(await confirm(deps, question))) throw new CliError('Nothing was changed.')
}

type CouponOptions = JsonOnly & { readonly name: string; readonly percent?: string; readonly amount?: string; readonly currency?: string; readonly periods?: string; readonly max?: string; readonly plan?: readonly string[]; readonly expires?: string }

async function createCoupon(code: string, options: CouponOptions, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const count = (text: string | undefined, flag: string): number | undefined => {
    if (text === undefined) return undefined
    if (!/^[1-9]\d{0,8}$/.test(text)) throw new CliError(`${flag} must be a whole number above zero, not ${JSON.stringify(text)}.`)
    return Number(text)
  }
  const body = { code, name: options.name, percent: options.percent, amount: options.amount, currency: options.currency, periods: count(options.periods, '--periods'), redemptions_max: count(options.max, '--max'), plans: options.plan, expires_at: options.expires }
  const made = understood(couponShape, await client.request('POST', '/v1/coupons', body), client)
  if (options.json) printJson(deps, made)
  else print(deps, `Coupon ${made.code} is ready: ${worth(made)}.`)
  return 0
}

async function listCoupons(options: JsonOnly, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const listed = understood(z.object({ data: z.array(couponShape) }), await client.request('GET', '/v1/coupons?limit=1000'), client)
  if (options.json) printJson(deps, listed.data)
  else if (listed.data.length === 0) say(deps, 'There are no coupons. Make one: tollgate coupon create CODE --name TEXT --percent 20')
  else for (const coupon of listed.data) print(deps, `${coupon.code.padEnd(24)} ${worth(coupon).padEnd(40)} redeemed ${coupon.redemptions}${coupon.redemptions_max === null ? '' : ` of ${coupon.redemptions_max}`}${coupon.ended_at === null ? '' : ', ended'}`)
  return 0
}

async function redeem(customer: string, code: string, options: JsonOnly, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const redeemed = understood(redemptionShape, await client.request('POST', `/v1/customers/${encodeURIComponent(customer)}/coupons`, { code }), client)
  if (options.json) printJson(deps, redeemed)
  else print(deps, `${redeemed.code} (${redeemed.name}) counts for ${customer} from the period that began ${redeemed.from}.`)
  return 0
}

async function endCoupon(code: string, options: JsonOnly, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const ended = understood(couponShape, await client.request('DELETE', `/v1/coupons/${encodeURIComponent(code)}`), client)
  if (options.json) printJson(deps, ended)
  else print(deps, `Nobody can redeem ${ended.code} any more; ${ended.redemptions} customer${ended.redemptions === 1 ? ' keeps' : 's keep'} it.`)
  return 0
}

function worth(coupon: z.output<typeof couponShape>): string {
  const off = coupon.percent === null ? `${coupon.amount ?? ''} ${coupon.currency ?? ''} off` : `${coupon.percent} % off`
  return `${off} ${coupon.periods === null ? 'every period' : coupon.periods === 1 ? 'one period' : `${coupon.periods} periods`}`
}
