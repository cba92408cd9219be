// `tollgate exchange import | list`: exchange rates by day, from the file of the European Central Bank or CSV. Exit codes: 0 done, 1 error,
// 2 the file says otherwise than was imported before.

import type { Command } from 'commander'
import * as z from 'zod'
import { connect, understood } from './client.ts'
import { readText, table } from './explain-input.ts'
import { print, printJson, runCommand, say, type CliDeps } from './output.ts'

const JSON_OPTION = ['--json', 'print JSON instead of text'] as const

export function registerExchangeCommands(program: Command, deps: CliDeps): void {
  const exchange = program.command('exchange').description('exchange rates by day')
  exchange.command('import').description('import the reference rates of the ECB (XML or CSV), or CSV of day,base,quote,rate').argument('<file>', 'file, - for standard input').option('--source <name>', 'who says so').option(...JSON_OPTION)
    .action((file: string, options: { readonly source?: string; readonly json?: true }) => runCommand(deps, () => importRates(file, options, deps)))
  exchange.command('list').description('rates of the currencies that the catalog needs, newest first').argument('[currency]', 'of one currency').option('--from <day>', 'from this day on').option(...JSON_OPTION)
    .action((currency: string | undefined, options: { readonly from?: string; readonly json?: true }) => runCommand(deps, () => list(currency ?? null, options, deps)))
}

const quoteShape = z.object({ day: z.string(), base: z.string(), quote: z.string(), rate: z.string() })
const importShape = z.object({ source: z.string(), read: z.number(), added: z.number(), differing: z.array(quoteShape), catalog_version: z.number().nullable() })

async function importRates(file: string, options: { readonly source?: string; readonly json?: true }, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const outcome = understood(importShape, await client.request('POST', '/v1/exchange-rates/import', { content: await readText(file, deps), ...(options.source === undefined ? {} : { source: options.source }) }), client)
  if (options.json) printJson(deps, outcome)
  else print(deps, `${outcome.read} rates read from ${outcome.source}, ${outcome.added} new.${outcome.catalog_version === null ? '' : ` Catalog version ${outcome.catalog_version} goes by them.`}`)
  if (!options.json && outcome.differing.length > 0) {
    say(deps, `The file says otherwise than was imported before; the first stand${outcome.differing.length === 20 ? ', among others' : ''}:`)
    for (const { day, base, quote, rate } of outcome.differing) say(deps, `  ${day}  1 ${base} = ${rate} ${quote}`)
  }
  return outcome.differing.length > 0 ? 2 : 0
}

async function list(currency: string | null, options: { readonly from?: string; readonly json?: true }, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const query = new URLSearchParams({ ...(currency === null ? {} : { currency }), ...(options.from === undefined ? {} : { from: options.from }) })
  const { data } = understood(z.object({ data: z.array(quoteShape.extend({ source: z.string() })) }), await client.request('GET', `/v1/exchange-rates?${query.toString()}`), client)
  if (options.json) printJson(deps, data)
  else if (data.length === 0) say(deps, 'No rates are known. Import some: tollgate exchange import eurofxref-hist.xml')
  else print(deps, table([['day', 'base', 'quote', 'rate', 'source'], ...data.map(({ day, base, quote, rate, source }) => [day, base, quote, rate, source])], 3))
  return 0
}
