// `tollgate subscription show | events | change | act`, `tollgate test-clock create | advance` and `tollgate audit`: subscriptions and who changed
// them, from a terminal. Each command asks the server and prints what it answers.

import type { Command } from 'commander'
import { connect } from './client.ts'
import { print, printJson, runCommand, say, textOf, type CliDeps } from './output.ts'

type Shown = Readonly<Record<string, unknown>>
type Page = { readonly data: readonly Shown[] }
const JSON_OPTION = ['--json', 'print JSON instead of text'] as const

export function registerSubscriptionCommands(program: Command, deps: CliDeps): void {
  const subscription = program.command('subscription').description('what is agreed with a customer')
  const command = (name: string, description: string) => subscription.command(name).description(description).argument('<customer>', 'id of the customer').option(...JSON_OPTION)
  command('show', 'state, plan, what comes next and why').action((customer: string, options: Options) => runCommand(deps, () => show(deps, customer, options)))
  command('events', 'what was told of it, in order')
    .option('--after <sequence>', 'begin after this number', '0')
    .action((customer: string, options: Options & { readonly after: string }) => runCommand(deps, () => events(deps, customer, options)))
  command('change', 'another plan or other seats; prints what it costs')
    .option('--plan <plan>', 'another plan')
    .option('--seats <count>', 'seats')
    .option('--when <when>', 'auto, now or period_end', 'auto')
    .option('--preview', 'only show what it would cost')
    .action((customer: string, options: ChangeOptions) => runCommand(deps, () => change(deps, customer, options)))
  command('act', 'pause, resume, cancel, keep, reactivate or convert_trial')
    .argument('<action>', 'what to do')
    .option('--reason <text>', 'why, for the audit log')
    .action((customer: string, action: string, options: Options & { readonly reason?: string }) => runCommand(deps, () => act(deps, { customer, action }, options)))
  const clock = program.command('test-clock').description('customers that live in a time that you turn')
  clock.command('create').description('make a test clock').argument('<name>').option('--now <time>', 'what it shows first').option(...JSON_OPTION).action((name: string, options: Options & { readonly now?: string }) => runCommand(deps, () => ask(deps, options, ['POST', '/v1/test-clocks', { name, now: options.now ?? null }], clockText)))
  clock.command('advance').description('turn it forward; answers when all that became due is in force').argument('<clock>').argument('<time>').option(...JSON_OPTION).action((id: string, to: string, options: Options) => runCommand(deps, () => ask(deps, options, ['POST', `/v1/test-clocks/${encodeURIComponent(id)}/advance`, { to }], clockText)))
  program
    .command('audit')
    .description('who changed what, newest first')
    .option('--customer <id>', 'only of this customer')
    .option('--action <word>', 'only these changes, such as subscription')
    .option('--limit <count>', 'rows', '20')
    .option(...JSON_OPTION)
    .action((options: Options & { readonly customer?: string; readonly action?: string; readonly limit: string }) => runCommand(deps, () => audit(deps, options)))
}

type Options = { readonly json?: true }
type ChangeOptions = Options & { readonly plan?: string; readonly seats?: string; readonly when: string; readonly preview?: true }

async function ask(deps: CliDeps, options: Options, [method, path, body]: readonly [string, string, unknown?], text: (answer: Shown) => string): Promise<number> {
  const answer = (await connect(deps).request(method, path, body)) as Shown
  if (options.json) printJson(deps, answer)
  else print(deps, text(answer))
  return 0
}

function show(deps: CliDeps, customer: string, options: Options): Promise<number> {
  return ask(deps, options, ['GET', pathOf(customer)], (one) => {
    const ahead = one['ahead'] as readonly Shown[]
    const notice = one['notice'] as Shown | null
    return [
      `${textOf(one, 'plan')} (${textOf(one, 'seats')} seat${one['seats'] === 1 ? '' : 's'})  ${textOf(one, 'state')}  since ${textOf(one, 'since')}`,
      `why       ${textOf(one, 'reason')}`,
      `billed by ${textOf(one, 'source')}  ${textOf(one, 'id')}`,
      ...ahead.map((next) => `then      ${textOf(next, 'state')} ${textOf(next, 'plan')} at ${textOf(next, 'from')}`),
      ...(notice === null ? [] : [`tell      ${textOf(notice, 'message')}`]),
    ].join('\n')
  })
}

function events(deps: CliDeps, customer: string, options: Options & { readonly after: string }): Promise<number> {
  return ask(deps, options, ['GET', `${pathOf(customer)}/events?limit=100&after=${encodeURIComponent(options.after)}`], (page) =>
    (page as unknown as Page).data.map((one) => `${textOf(one, 'sequence').padStart(5)}  ${textOf(one, 'effective_at')}  ${textOf(one, 'type')}${one['voids'] === null ? '' : ` ${textOf(one, 'voids')}`}  ${textOf(one, 'reason')}`).join('\n'),
  )
}

function change(deps: CliDeps, customer: string, options: ChangeOptions): Promise<number> {
  const body = { ...(options.plan === undefined ? {} : { plan: options.plan }), ...(options.seats === undefined ? {} : { seats: Number(options.seats) }), when: options.when }
  if (options.preview) say(deps, 'A preview: nothing is changed.')
  return ask(deps, options, ['POST', `${pathOf(customer)}/${options.preview ? 'preview' : 'change'}`, body], (planned) => {
    const lines = planned['lines'] as readonly Shown[]
    return [`${planned['upgrade'] === true ? 'more' : 'not more'}, takes effect at ${textOf(planned, 'takes_effect_at')}`, ...lines.map((line) => `${textOf(line, 'kind')}  ${textOf(line, 'name')}  ${textOf(line, 'amount')} ${textOf(planned, 'currency')}`), `total  ${textOf(planned, 'amount')} ${textOf(planned, 'currency')}`].join('\n')
  })
}

function act(deps: CliDeps, { customer, action }: { readonly customer: string; readonly action: string }, options: Options & { readonly reason?: string }): Promise<number> {
  return ask(deps, options, ['POST', `${pathOf(customer)}/actions`, { action, ...(options.reason === undefined ? {} : { reason: options.reason }) }], (one) => `${textOf(one, 'state')}: ${textOf(one, 'reason')}`)
}

function audit(deps: CliDeps, options: Options & { readonly customer?: string; readonly action?: string; readonly limit: string }): Promise<number> {
  const query = new URLSearchParams({ limit: options.limit, ...(options.customer === undefined ? {} : { customer: options.customer }), ...(options.action === undefined ? {} : { action: options.action }) })
  return ask(deps, options, ['GET', `/v1/audit?${query.toString()}`], (page) =>
    (page as unknown as Page).data.map((one) => `${textOf(one, 'at')}  ${textOf(one, 'actor')}  ${textOf(one, 'action')}  ${textOf(one, 'target')}${one['reason'] === null ? '' : `  (${textOf(one, 'reason')})`}`).join('\n') || 'No entry fits.',
  )
}

function clockText(clock: Shown): string {
  return `${textOf(clock, 'id')}  ${textOf(clock, 'name')}  ${textOf(clock, 'now')}  ${textOf(clock, 'customers')} customers`
}

function pathOf(customer: string): string {
  return `/v1/customers/${encodeURIComponent(customer)}/subscription`
}
