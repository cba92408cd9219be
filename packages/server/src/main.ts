// The binary: one program, several modes. Parses the command line, wires the mode, turns what keeps it from starting into
// a message and an exit code, and stops in order on a signal.

import { Command, Option } from 'commander'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { registerBooksCommand } from './cli/books.ts'
import { registerCheckCommands } from './cli/check.ts'
import { registerCatalogCommands } from './cli/catalog.ts'
import { registerCloseCommand } from './cli/close.ts'
import { registerCodesCommands } from './cli/codes.ts'
import { registerContractCommands } from './cli/contract.ts'
import { registerExchangeCommands } from './cli/exchange.ts'
import { registerExplainCommands } from './cli/explain.ts'
import { registerExportCommands } from './cli/export.ts'
import { registerDisputeCommand } from './cli/dispute.ts'
import { registerMarginCommand } from './cli/margin.ts'
import { registerImportCommand } from './cli/import.ts'
import { processDeps } from './cli/output.ts'
import { registerStatementCommands } from './cli/statement.ts'
import { registerRatesCommands } from './cli/rates.ts'
import { registerHandoverCommands } from './cli/handover.ts'
import { registerInvoiceCommands } from './cli/invoice.ts'
import { registerRerateCommand } from './cli/rerate.ts'
import { registerSimulateCommand } from './cli/simulate.ts'
import { registerProviderCommands } from './cli/provider.ts'
import { registerSubscriptionCommands } from './cli/subscription.ts'
import { registerStatusCommand } from './cli/status.ts'
import { loadConfig, type OptionName } from './platform/config.ts'
import { createLog } from './platform/log.ts'
import { StartError } from './platform/start-error.ts'
import type { GatewayMessage } from './modes/gateway-child.ts'

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as { version: string }

const program = new Command('tollgate')
  .description('The usage runtime for AI products: decides before each request, meters it, rates it, bills it.')
  .version(version)
  .showSuggestionAfterError()
  .showHelpAfterError('(see tollgate --help)')

serverOptions(program.command('serve').description('start everything on this machine: API, gateway, PostgreSQL'))
  .option('--demo', 'load the demo catalog and a customer with a small wallet')
  .action(async (flags: Flags & { demo?: boolean }) => {
    const { serve } = await import('./modes/serve.ts')
    const config = loadConfig({ env: process.env, flags: settingsOf(flags) })
    await untilStopped(await serve({ config, demo: flags.demo === true, version }))
  })

serverOptions(program.command('gateway').description('start gateway nodes that lease their budgets from a running Tollgate'))
  .option('--control-url <url>', 'API of that Tollgate')
  .option('--node-id <id>', 'name of this node, its own among all nodes')
  .addOption(new Option('--place <index/count>', 'which process of several on one port: said by the parent').hideHelp())
  .action(async ({ place, ...flags }: Flags & { place?: string }) => {
    const { runGateway } = await import('./modes/gateway.ts')
    const [index, count] = (place ?? '').split('/').map(Number)
    await untilStopped(await runGateway(loadConfig({ env: process.env, flags: settingsOf(flags) }), place === undefined ? null : { index: index!, count: count! }))
  })

program.command('migrate').description('bring the database in DATABASE_URL to this version and end').action(async () => {
  const { runMigrate } = await import('./modes/migrate.ts')
  await runMigrate(loadConfig({ env: process.env }))
})

registerCatalogCommands(program, processDeps())
registerExplainCommands(program, processDeps())
registerCloseCommand(program, processDeps())
registerBooksCommand(program, processDeps())
registerMarginCommand(program, processDeps())
registerDisputeCommand(program, processDeps())
registerExportCommands(program, processDeps())
registerImportCommand(program, processDeps())
registerCheckCommands(program, processDeps())
registerStatementCommands(program, processDeps())
registerRatesCommands(program, processDeps())
registerContractCommands(program, processDeps())
registerCodesCommands(program, processDeps())
registerExchangeCommands(program, processDeps())
registerSimulateCommand(program, processDeps())
registerRerateCommand(program, processDeps())
registerHandoverCommands(program, processDeps())
registerInvoiceCommands(program, processDeps())
registerSubscriptionCommands(program, processDeps())
registerProviderCommands(program, processDeps())
registerStatusCommand(program, processDeps())

try {
  await program.parseAsync()
} catch (error) {
  fail(error)
}

type Flags = Readonly<Partial<Record<'dataDir' | 'host' | 'port' | 'gatewayPort' | 'gateways' | 'logLevel' | 'publicUrl' | 'controlUrl' | 'nodeId', string>>>

function serverOptions(command: Command): Command {
  return command
    .option('--data-dir <folder>', 'folder for PostgreSQL, journal and master key')
    .option('--host <address>', 'address to listen on')
    .option('--port <port>', 'port of the API')
    .option('--gateway-port <port>', 'port of the gateway')
    .option('--gateways <number>', 'gateway processes that share its port')
    .option('--log-level <level>', 'what is logged')
    .option('--public-url <url>', 'where your customers reach the console')
}

function settingsOf(flags: Flags & { readonly demo?: boolean }): Partial<Record<OptionName, string>> {
  const { demo: _, ...settings } = flags
  return settings
}

/** Stops on the first signal, or when the parent that started us is gone; a second signal ends at once. */
async function untilStopped(running: { readonly stop: (how: { readonly isOrphan: boolean }) => Promise<void> }): Promise<void> {
  const isOrphan = await new Promise<boolean>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(false))
    if (process.channel !== undefined) {
      process.once('disconnect', () => resolve(true))
      process.channel.unref()
    }
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  await running.stop({ isOrphan })
  process.exit(0)
}

function fail(error: unknown): never {
  if (error instanceof StartError) {
    const message: GatewayMessage = { kind: 'failed', code: error.code, message: error.message }
    if (process.send === undefined) process.stderr.write(`${error.message}\n`)
    else process.send(message)
  } else {
    createLog({ level: 'error' }).fatal({ error }, 'Tollgate stopped on an unexpected error')
  }
  process.exit(1)
}
