// `tollgate rates list | show | unpriced | import`: the rate card of a running server, and the import of public price lists: first what
// would change, then with --apply putting it in force. Exit codes: 0 done or nothing to do, 1 error, 2 changes that are not applied.

import type { Command } from 'commander'
import * as z from 'zod'
import { connect, understood, type Client } from './client.ts'
import { readText } from './explain-input.ts'
import { CliError, confirm, isInteractive, print, printJson, runCommand, say, type CliDeps } from './output.ts'
import { renderRateChanges, renderRateList, renderRateMatch } from './render-rates.ts'

const JSON_OPTION = ['--json', 'print JSON instead of text'] as const

export function registerRatesCommands(program: Command, deps: CliDeps): void {
  const rates = program.command('rates').description('what providers charge: the rate card, and importing price lists')
  rates
    .command('list')
    .description('the entries in force')
    .argument('[model]', 'a part of the model’s name')
    .option('--provider <id>', 'of one provider')
    .option(...JSON_OPTION)
    .action((model: string | undefined, options: ListOptions) => runCommand(deps, () => list(model ?? null, options, deps)))
  rates
    .command('show')
    .description('how the card answers for a model, and its entries by date')
    .argument('<model>', 'name of the model, as a provider tells it')
    .option('--provider <id>', 'where several sell it')
    .option('--at <time>', 'time of the request, such as 2026-03-01T12:00:00Z')
    .option(...JSON_OPTION)
    .action((model: string, options: ShowOptions) => runCommand(deps, () => show(model, options, deps)))
  rates
    .command('unpriced')
    .description('models that answered and have no price')
    .option(...JSON_OPTION)
    .action((options: { readonly json?: true }) => runCommand(deps, () => unpriced(options, deps)))
  rates
    .command('import')
    .description('show what price lists would change, and apply it: LiteLLM’s map, genai-prices, models.dev’s list, or YAML with rates')
    .argument('<file...>', 'price lists, - for standard input')
    .option('--provider <id...>', 'providers to import; those that the card knows unless stated, * for all')
    .option('--prefer <source>', 'the source that wins where several disagree')
    .option('--from <day>', 'first day of the new entries; today unless stated')
    .option('--apply', 'put it in force')
    .option('--confirm-above <percent>', 'a change of a price above it needs a yes', '10')
    .option('--confirm', 'yes to the changes above it')
    .option('--all', 'list every change, not the first of each kind')
    .option(...JSON_OPTION)
    .action((files: readonly string[], options: ImportOptions) => runCommand(deps, () => importLists(files, options, deps)))
}

const rateShape = z.object({
  provider: z.string(), model: z.string(), layer: z.string(), from: z.string(), currency: z.string(), per_million: z.record(z.string(), z.string()), per_unit: z.record(z.string(), z.string()),
  variants: z.array(z.record(z.string(), z.unknown())), aliases: z.array(z.string()), patterns: z.array(z.string()), context_window: z.number(), output_max: z.number(), source: z.string().nullable(),
})
const listShape = z.object({ catalog_version: z.number(), imported_version: z.number(), data: z.array(rateShape) })
const matchShape = z.object({ catalog_version: z.number(), imported_version: z.number(), matched_by: z.string().nullable(), matched: z.string().nullable(), rate: rateShape.nullable(), entries: z.array(rateShape) })
const unpricedShape = z.object({ data: z.array(z.object({ model: z.string(), first_at: z.string(), last_at: z.string(), events: z.number() })) })
const changeShape = z.object({
  action: z.enum(['added', 'changed', 'removed', 'disagreeing']), provider: z.string(), model: z.string(), source: z.string(), percent: z.string().nullable(),
  prices: z.array(z.object({ price: z.string(), before: z.string().nullable(), after: z.string().nullable(), percent: z.string().nullable() })),
  sources: z.array(z.object({ source: z.string(), per_million: z.record(z.string(), z.string()) })), overridden: z.boolean(), assumed: z.array(z.string()),
})
const plannedShape = {
  base_version: z.number(), from: z.string(), same: z.number(), passed_over: z.number(),
  lists: z.array(z.object({ name: z.string(), source: z.string(), entries: z.number(), skipped: z.record(z.string(), z.number()) })),
}
const planShape = z.object({ ...plannedShape, changes: z.array(changeShape) })
const importShape = z.object({ ...plannedShape, version: z.number(), applied: z.array(changeShape), held: z.array(changeShape) })

export type ShownRate = z.output<typeof rateShape>
export type ShownMatch = z.output<typeof matchShape>
export type ShownChange = z.output<typeof changeShape>
export type ShownPlan = z.output<typeof planShape>

type ListOptions = { readonly provider?: string; readonly json?: true }

async function list(model: string | null, options: ListOptions, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const query = new URLSearchParams({ ...(model === null ? {} : { model }), ...(options.provider === undefined ? {} : { provider: options.provider }) })
  const listed = understood(listShape, await client.request('GET', `/v1/rates?${query.toString()}`), client)
  if (options.json) printJson(deps, listed)
  else if (listed.data.length === 0) say(deps, 'No entry is in force for that. What a list would add: tollgate rates import FILE')
  else print(deps, renderRateList(listed.data))
  if (!options.json) say(deps, `\n${listed.data.length} ${listed.data.length === 1 ? 'entry' : 'entries'}: catalog version ${listed.catalog_version}, imported version ${listed.imported_version}, and what this version ships.`)
  return 0
}

type ShowOptions = { readonly provider?: string; readonly at?: string; readonly json?: true }

async function show(model: string, options: ShowOptions, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const query = new URLSearchParams({ model, ...(options.provider === undefined ? {} : { provider: options.provider }), ...(options.at === undefined ? {} : { at: options.at }) })
  const shown = understood(matchShape, await client.request('GET', `/v1/rates/match?${query.toString()}`), client)
  if (options.json) printJson(deps, shown)
  else print(deps, renderRateMatch(model, shown))
  return 0
}

async function unpriced(options: { readonly json?: true }, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const { data } = understood(unpricedShape, await client.request('GET', '/v1/rates/unpriced'), client)
  if (options.json) printJson(deps, data)
  else if (data.length === 0) say(deps, 'Every model that answered has a price.')
  else for (const { model, events, last_at: last } of data) print(deps, `${model.padEnd(48)} ${String(events).padStart(8)} events, last ${last}`)
  if (!options.json && data.length > 0) say(deps, 'Their cost is unknown. Give them a rate in the catalog, or import a price list.')
  return 0
}

type ImportOptions = { readonly provider?: readonly string[]; readonly prefer?: string; readonly from?: string; readonly apply?: true; readonly confirmAbove: string; readonly confirm?: true; readonly all?: true; readonly json?: true }

async function importLists(files: readonly string[], options: ImportOptions, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const lists = await Promise.all(files.map(async (file) => ({ name: file === '-' ? 'standard input' : (file.split('/').at(-1) ?? file), content: await readText(file, deps) })))
  const request = {
    lists, ...(options.provider === undefined ? {} : { providers: options.provider.flatMap((name) => name.split(',')) }),
    ...(options.prefer === undefined ? {} : { prefer: options.prefer }), ...(options.from === undefined ? {} : { from: options.from }),
  }
  const plan = understood(planShape, await client.request('POST', '/v1/rates/plan', request), client)
  const changing = plan.changes.filter(({ action, overridden }) => (action === 'added' || action === 'changed') && !overridden)
  if (!options.apply) {
    if (options.json) printJson(deps, plan)
    else print(deps, renderRateChanges(plan, { stream: deps.stdout, isWhole: options.all === true, confirmAbove: options.confirmAbove }))
    if (!options.json && changing.length > 0) say(deps, `\nTo put it in force: add --apply`)
    return changing.length > 0 ? 2 : 0
  }
  if (!options.json) say(deps, renderRateChanges(plan, { stream: deps.stderr, isWhole: options.all === true, confirmAbove: options.confirmAbove }))
  return apply({ client, request, plan, changing }, options, deps)
}

async function apply(of: { readonly client: Client; readonly request: object; readonly plan: ShownPlan; readonly changing: readonly ShownChange[] }, options: ImportOptions, deps: CliDeps): Promise<number> {
  const large = of.changing.filter(({ percent }) => percent === null || exceeds(percent, options.confirmAbove))
  const confirmed = options.confirm === true || (large.length > 0 && isInteractive(deps) && (await confirm(deps, `${large.length} change${large.length === 1 ? '' : 's'} above ${options.confirmAbove} %. Apply them too?`)))
  const outcome = understood(importShape, await of.client.request('POST', '/v1/rates/import', { ...of.request, base_version: of.plan.base_version, confirm_above: options.confirmAbove, confirmed }), of.client)
  if (options.json) printJson(deps, outcome)
  else print(deps, outcome.applied.length === 0 ? `Nothing was applied: version ${outcome.version} of the imported rates stays in force.` : `${outcome.applied.length} entries are in force from ${outcome.from}: version ${outcome.version} of the imported rates.`)
  if (outcome.held.length === 0) return 0
  say(deps, `${outcome.held.length} change${outcome.held.length === 1 ? '' : 's'} above ${options.confirmAbove} % ${outcome.held.length === 1 ? 'was' : 'were'} not applied: look at ${outcome.held.length === 1 ? 'it' : 'them'}, then add --confirm.`)
  return 2
}

/** Both are percentages of at most one decimal place. */
function exceeds(percent: string, threshold: string): boolean {
  const tenths = (text: string): number => {
    const [whole = '0', fraction = ''] = text.split('.')
    return Number(whole) * 10 + Number(fraction.slice(0, 1) || '0')
  }
  if (!/^\d{1,6}(\.\d)?$/.test(threshold)) throw new CliError(`--confirm-above must be a percentage such as 10 or 2.5, not ${JSON.stringify(threshold)}.`)
  return tenths(percent) > tenths(threshold)
}
