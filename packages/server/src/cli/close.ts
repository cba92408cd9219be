// `tollgate close`: does every step of invoices that is due now, a slice at a time, with progress. It may be interrupted anywhere and goes on
// where it was; two at once do each step once.

import type { Command } from 'commander'
import * as z from 'zod'
import { connect } from './client.ts'
import { CliError, print, printJson, runCommand, say, type CliDeps } from './output.ts'

export function registerCloseCommand(program: Command, deps: CliDeps): void {
  program
    .command('close')
    .description('write the invoices that are due, with progress')
    .option('--json', 'print JSON instead of text')
    .action((options: { readonly json?: true }) => runCommand(deps, () => close(options, deps)))
}

const answer = z.looseObject({ steps: z.int(), invoices: z.int(), left: z.int() })

async function close(options: { readonly json?: true }, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  let [steps, invoices] = [0, 0]
  for (;;) {
    const part = answer.parse(await client.request('POST', '/v1/billing/close'))
    steps += part.steps
    invoices += part.invoices
    if (!options.json) say(deps, `${steps} steps, ${invoices} invoices, ${part.left} left`)
    if (part.left === 0) break
    if (part.steps === 0) throw new CliError(`${part.left} steps are due and none was done.`, 'Look at the log of the server.')
  }
  if (options.json) printJson(deps, { steps, invoices })
  else print(deps, `${invoices} invoice${invoices === 1 ? '' : 's'} written`)
  return 0
}
