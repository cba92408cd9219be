// `tollgate provider inbox | replay | resync | link`: what billing providers sent, from a terminal.

import type { Command } from 'commander'
import { connect } from './client.ts'
import { print, printJson, runCommand, say, textOf, type CliDeps } from './output.ts'

type Row = Readonly<Record<string, unknown>>
type Options = { readonly json?: true }
const JSON_OPTION = ['--json', 'print JSON instead of text'] as const

export function registerProviderCommands(program: Command, deps: CliDeps): void {
  const provider = program.command('provider').description('Stripe, Chargebee and Recurly')
  provider
    .command('inbox')
    .description('messages that came, newest first')
    .option('--state <state>', 'only pending, done, ignored, stopped or failed')
    .option(...JSON_OPTION)
    .action((options: Options & { readonly state?: string }) => runCommand(deps, () => inbox(deps, options)))
  provider
    .command('replay')
    .description('process messages again: one, or all that stopped')
    .option('--provider <name>', 'only of this provider')
    .option('--message <id>', 'one message, with --provider')
    .option('--code <code>', 'all that stopped with this code')
    .action((options: { readonly provider?: string; readonly message?: string; readonly code?: string }) => runCommand(deps, () => replay(deps, options)))
  provider
    .command('resync')
    .description('compare with the provider; exit code 0: nothing differs or it was applied, 2: something differs')
    .argument('<provider>')
    .option('--apply', 'bring what differs in line')
    .option(...JSON_OPTION)
    .action((name: string, options: Options & { readonly apply?: true }) => runCommand(deps, () => resync(deps, name, options)))
  provider
    .command('link')
    .description('say that a customer of the provider is ours')
    .argument('<provider>')
    .argument('<external>', 'the provider\'s id of the customer')
    .argument('<customer>', 'our id')
    .action((name: string, external: string, customer: string) => runCommand(deps, () => link(deps, { name, external, customer })))
}

async function inbox(deps: CliDeps, options: Options & { readonly state?: string }): Promise<number> {
  const { data } = (await connect(deps).request('GET', `/v1/provider-messages?limit=50${options.state === undefined ? '' : `&state=${encodeURIComponent(options.state)}`}`)) as { readonly data: readonly Row[] }
  if (options.json) printJson(deps, data)
  else if (data.length === 0) say(deps, 'The inbox is empty. Where a provider shall send its webhooks: GET /v1/providers/{provider}')
  else for (const row of data) print(deps, `${textOf(row, 'received_at')}  ${textOf(row, 'provider')}  ${textOf(row, 'id')}  ${textOf(row, 'kind')}  ${textOf(row, 'state')}${row['reason'] === null ? '' : `  ${textOf(row, 'reason')}`}`)
  return 0
}

async function replay(deps: CliDeps, options: { readonly provider?: string; readonly message?: string; readonly code?: string }): Promise<number> {
  const answer = (await connect(deps).request('POST', '/v1/provider-messages/replay', { provider: options.provider ?? null, message: options.message ?? null, code: options.code ?? null })) as Row
  print(deps, `${textOf(answer, 'queued')} messages were processed again.`)
  return 0
}

async function resync(deps: CliDeps, name: string, options: Options & { readonly apply?: true }): Promise<number> {
  say(deps, `Reading all subscriptions of ${name} …`)
  const report = (await connect(deps).request('POST', `/v1/providers/${encodeURIComponent(name)}/resync`, { apply: options.apply === true })) as Row & { readonly drifts: readonly Row[] }
  if (options.json) printJson(deps, report)
  else {
    for (const drift of report.drifts) print(deps, `${textOf(drift, 'subscription')}  ${textOf(drift, 'customer') || 'nobody'}  ${textOf(drift, 'detail')}`)
    print(deps, `${textOf(report, 'read')} read, ${textOf(report, 'drift_count')} differ, ${textOf(report, 'applied')} brought in line.`)
  }
  return options.apply === true || report['drift_count'] === 0 ? 0 : 2
}

async function link(deps: CliDeps, { name, external, customer }: { readonly name: string; readonly external: string; readonly customer: string }): Promise<number> {
  await connect(deps).request('POST', `/v1/customers/${encodeURIComponent(customer)}/provider-links`, { provider: name, external_id: external })
  print(deps, `${name} ${external} is ${customer}. Messages that waited for it are processed.`)
  return 0
}
