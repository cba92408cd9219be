// `tollgate dispute CUSTOMER`: one archive for a customer and a time that says why it was charged what it was, and how to check it.

import type { Command } from 'commander'
import { connect } from './client.ts'
import { runCommand, say, type CliDeps } from './output.ts'
import { saveFile } from './save-file.ts'

type Options = { readonly from: string; readonly to: string; readonly out?: string }

export function registerDisputeCommand(program: Command, deps: CliDeps): void {
  program
    .command('dispute')
    .description('write a customer’s events, charges, prices, decisions, invoices and ledger of some days as one archive')
    .argument('<customer>', 'id of the customer')
    .requiredOption('--from <day>', 'first day, such as 2026-11-01, UTC')
    .requiredOption('--to <day>', 'last day')
    .option('--out <file>', 'file to write; dispute-CUSTOMER-FROM-TO.zip unless given')
    .action((customer: string, options: Options) => runCommand(deps, () => dispute(customer, options, deps)))
}

async function dispute(customer: string, { from, to, out = `dispute-${customer}-${from}-${to}.zip` }: Options, deps: CliDeps): Promise<number> {
  const response = await connect(deps).download(`/v1/customers/${encodeURIComponent(customer)}/dispute-file?${new URLSearchParams({ from, to })}`)
  await saveFile(response, { out, deps })
  say(deps, 'Its README.md says what is in it and how to verify it.')
  return 0
}
