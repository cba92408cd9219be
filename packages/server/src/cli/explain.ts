// `tollgate explain rate | cost | prorate | burn`: the numbers of the running system, from a shell, with the lines that lead to
// them. Each command reads JSON, computes with the same code as gateway and settlement, and prints a table or JSON. No
// server is asked and nothing is stored. Exit codes: 0 done (an unknown price is an answer too), 1 the input cannot be read.

import type { Command } from 'commander'
import type * as z from 'zod'
import { renderJsonSchema } from '../app/catalog/reference.ts'
import { burnInput, burnOutput, explainBurn, renderBurn } from './explain-burn.ts'
import { costInput, costOutput, explainCost, renderCost } from './explain-cost.ts'
import { calculate, readJson, readShape, type JsonInput } from './explain-input.ts'
import { explainProration, prorateInput, prorateOutput, renderProration } from './explain-prorate.ts'
import { rateInput, rateOutput, rateShape } from './explain-rate-shapes.ts'
import { explainRate, renderRate } from './explain-rate.ts'
import { print, printJson, runCommand, type CliDeps } from './output.ts'

/** One command: its shapes, how it reads, computes and shows. */
type Explanation<Output> = {
  readonly name: string
  readonly description: string
  readonly input: z.ZodType
  readonly output: z.ZodType
  readonly compute: (input: JsonInput, options: ExplainOptions) => Output
  readonly render: (output: Output) => string
}

export type ExplainOptions = { readonly json?: true; readonly schema?: true; readonly catalog?: string }

const RATE = explanation({
  name: 'rate',
  description: 'what usage costs by a price: charges, total, and the tiers behind them',
  input: rateInput,
  output: rateOutput,
  compute: ({ exact }) => explainRate(readShape(rateShape(exact), exact)),
  render: renderRate,
})

const COST = explanation({
  name: 'cost',
  description: 'what a provider’s answer used and cost: disjoint buckets, the rate used, what has no price',
  input: costInput,
  output: costOutput,
  compute: ({ exact, plain }, { catalog }) => explainCost(readShape(costInput, exact), { plain, catalog: catalog ?? null }),
  render: renderCost,
})

const PRORATE = explanation({
  name: 'prorate',
  description: 'what a change in mid-period gives back and charges',
  input: prorateInput,
  output: prorateOutput,
  compute: ({ exact }) => explainProration(readShape(prorateInput, exact)),
  render: renderProration,
})

const BURN = explanation({
  name: 'burn',
  description: 'which credit blocks pay which draws, what lapses, what is left and owed',
  input: burnInput,
  output: burnOutput,
  compute: ({ exact }) => explainBurn(readShape(burnInput, exact)),
  render: renderBurn,
})

export const EXPLANATIONS = [RATE, COST, PRORATE, BURN] as const

export function registerExplainCommands(program: Command, deps: CliDeps): void {
  const explain = program.command('explain').description('compute a price, a cost, a proration or a wallet, with the lines behind it')
  for (const one of EXPLANATIONS) {
    const command = explain
      .command(one.name)
      .description(one.description)
      .argument('[file]', 'JSON file, - for standard input', '-')
      .option('--json', 'print JSON instead of a table')
      .option('--schema', 'print the JSON Schema of the input and do nothing else')
    if (one === COST) command.option('--catalog <file>', 'catalog file whose rate card and provider terms are used')
    command.action((file: string, options: ExplainOptions) => runCommand(deps, () => run(one, file, options, deps)))
  }
}

/** The files of `docs/reference/explain`, by name. */
export function renderExplainSchemas(): ReadonlyMap<string, string> {
  return new Map(EXPLANATIONS.flatMap(({ name, input, output }) => [
    [`${name}.input.json`, renderJsonSchema(input, 'input')] as const,
    [`${name}.output.json`, renderJsonSchema(output, 'output')] as const,
  ]))
}

async function run(one: Explanation<never>, file: string, options: ExplainOptions, deps: CliDeps): Promise<number> {
  if (options.schema) {
    deps.stdout.write(renderJsonSchema(one.input, 'input'))
    return 0
  }
  const input = await readJson(file, deps)
  const output = calculate(() => one.compute(input, options))
  if (options.json) printJson(deps, output)
  else print(deps, one.render(output))
  return 0
}

/** Forgets the type of the output, which only the explanation itself makes and shows. */
function explanation<Output>(of: Explanation<Output>): Explanation<never> {
  return of as unknown as Explanation<never>
}
