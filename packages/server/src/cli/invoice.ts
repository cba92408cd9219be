// `tollgate invoice print CUSTOMER ID`: an invoice or credit note as a file: e-invoice, PDF or page.

import type { Command } from 'commander'
import { connect } from './client.ts'
import { CliError, runCommand, type CliDeps } from './output.ts'
import { saveFile } from './save-file.ts'

const FORMS = ['xml', 'pdf', 'html'] as const

export function registerInvoiceCommands(program: Command, deps: CliDeps): void {
  program
    .command('invoice')
    .description('invoices and credit notes as files')
    .command('print')
    .description('write one as an e-invoice (EN 16931 in UBL 2.1), a PDF or a page')
    .argument('<customer>', 'id of the customer')
    .argument('<document>', 'id of the invoice (inv_…) or credit note (crn_…)')
    .option('--as <form>', FORMS.join(', '), 'xml')
    .option('--out <file>', 'file to write; named by its number unless given, - for standard output')
    .action((customer: string, document: string, options: PrintOptions) => runCommand(deps, () => printed(customer, document, options, deps)))
}

type PrintOptions = { readonly as: string; readonly out?: string }

async function printed(customer: string, document: string, { as, out }: PrintOptions, deps: CliDeps): Promise<number> {
  if (!(FORMS as readonly string[]).includes(as)) throw new CliError(`--as ${as} is not one of ${FORMS.join(', ')}`)
  const list = document.startsWith('crn_') ? 'credit-notes' : 'invoices'
  const response = await connect(deps).download(`/v1/customers/${encodeURIComponent(customer)}/${list}/${encodeURIComponent(document)}/${as}`)
  const named = /filename="([\w.-]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1]
  await saveFile(response, { out: out === '-' ? null : (out ?? named ?? `${document}.${as}`), deps })
  return 0
}
