// `explain cost`: a provider's answer, as a body, parsed events or the text of a stream → disjoint buckets, and by a rate card
// their cost. The rate card stands in the input or in a catalog file; without one it is the one that Tollgate ships.

import { readFileSync } from 'node:fs'
import {
  explainUsageCost, formatCatalogPath, formatPercent, formatRatio, formatUnits, InputError, isComplete, parseStreamText, readProviderUsage, USAGE_SURFACES, validateCatalog,
  type Catalog, type CatalogDocument, type CostLine, type ProviderUsage, type Ratio, type RateVariant,
} from '@tollgate/core'
import * as z from 'zod'
import { choice, fields, list, looseText, text } from '../app/catalog/fields.ts'
import { formatIssue } from '../app/catalog/issue.ts'
import { parseCatalog } from '../app/catalog/parse-yaml.ts'
import { providerTerms, rate } from '../app/catalog/schema.ts'
import { EMPTY_CATALOG } from '../app/catalogs.ts'
import { withRates } from '../app/rates/effective-rates.ts'
import { systemClock } from '../platform/clock.ts'
import { table, time } from './explain-input.ts'
import { CliError } from './output.ts'
import { compileCatalog } from '../platform/meter-expression.ts'

export const costInput = fields(
  'Cost input',
  {
    provider: text({ description: 'Id of the provider: its dialect of the surface.', example: 'openai' }).nullable().default(null),
    surface: choice(USAGE_SURFACES, { description: 'Shape of the answer: OpenAI’s `chat`, `completions`, `responses`, `embeddings`, `images`, `audio`; `messages` (Anthropic), `generate_content` (Gemini), `cohere`, `converse` (Bedrock), `ollama`.', example: 'chat' }),
    body: z.unknown().meta({ description: 'The answer as JSON.' }).exactOptional(),
    events: z.array(z.unknown()).meta({ description: 'The events of a stream, parsed.' }).exactOptional(),
    stream: z.string().meta({ description: 'The text of a stream: server-sent events, or one JSON value a line.' }).exactOptional(),
    model: text({ description: 'The model asked for: speaks where the answer names none, or one without a rate.', example: 'gpt-5-mini' }).nullable().default(null),
    at: time({ description: 'Time of the request: decides which rates were in force. Now unless stated.', example: '2026-03-01T12:00:00Z' }).exactOptional(),
    service_tier: text({ description: 'Class of service, where the answer does not tell it: `batch`, `flex` …', example: 'batch' }).exactOptional(),
    region: text({ description: 'Where it ran, where the answer does not tell it.', example: 'us' }).exactOptional(),
    labels: z.record(z.string(), looseText({ description: 'A value.' })).meta({ description: 'What else a rate depends on, such as the quality and size of images.', examples: [{ quality: 'high' }] }).exactOptional(),
    rate_card: list(rate, { description: 'Rates as in a catalog. Without any, and without --catalog, the rates that Tollgate ships.' }).exactOptional(),
    provider_terms: list(providerTerms, { description: 'Your own terms, as in a catalog.' }).exactOptional(),
  },
  'A provider’s answer, and the rates to cost it by.',
)

const lineShape = z.object({
  kind: z.enum(['bucket', 'discount', 'rounding']),
  model: z.string(),
  bucket: z.string().nullable(),
  quantity: z.number().nullable(),
  price: z.string().nullable().meta({ description: 'Price on the list for `per` units; null where there is none.' }),
  per: z.number().nullable(),
  priced_as: z.string().nullable().meta({ description: 'The bucket whose price it is.' }),
  factor: z.string().nullable(),
  amount: z.string().nullable(),
}).meta({ title: 'Cost line' })

export const costOutput = z.object({
  model: z.string().nullable().meta({ description: 'The model that answered.' }),
  service_tier: z.string(),
  region: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  buckets: z.record(z.string(), z.number()).meta({ description: 'Disjoint counts: tokens, and what is counted one by one.' }),
  elsewhere: z.array(z.object({ model: z.string().nullable(), kind: z.enum(['advisor', 'declined']), buckets: z.record(z.string(), z.number()) })).meta({ description: 'What other models used inside the answer.' }),
  tokens: z.object({ counted: z.number(), stated: z.number().nullable() }).meta({ description: 'Tokens as counted here, and as the provider’s own total states them.' }),
  problems: z.array(z.object({ code: z.string(), field: z.string(), message: z.string() })).meta({ description: 'Every doubt about the usage.' }),
  unread_events: z.number().meta({ description: 'Events of the stream that were no JSON.' }),
  complete: z.boolean().meta({ description: 'Whether the figures can be trusted to be all.' }),
  cost: z.string().nullable().meta({ description: 'Null when anything that was used has no price.' }),
  currency: z.string().nullable(),
  missing: z.array(z.string()).meta({ description: 'What has no price.' }),
  rate: z.object({ provider: z.string(), model: z.string(), from: z.string(), matched_by: z.enum(['id', 'alias', 'family', 'pattern']), matched: z.string(), variants: z.array(z.string()), source: z.string().nullable() }).nullable().meta({ description: 'The entry of the rate card that was used, and its variants that held.' }),
  discount_percent: z.string().nullable(),
  lines: z.array(lineShape),
}).meta({ title: 'Cost output', description: 'What an answer used and cost.' })
type CostOutput = z.output<typeof costOutput>
type CostInputDocument = z.output<typeof costInput>

/** `plain` is the same input with numbers as numbers: the answer is read from it. */
export function explainCost(input: CostInputDocument, options: { readonly plain: unknown; readonly catalog: string | null }): CostOutput {
  const answer = options.plain as Partial<CostInputDocument>
  const { events, unread } = eventsOf(answer)
  const usage = readProviderUsage({ surface: input.surface, provider: input.provider, events })
  const told = usageOutput(usage, unread)
  const catalog = ratesOf(input, options.catalog)
  const explained = explainUsageCost(usage, {
    card: catalog.rateCard, terms: catalog.providerTerms ?? [], at: input.at ?? systemClock.now(), modelAsked: input.model,
    class: { ...(input.service_tier === undefined ? {} : { tier: input.service_tier }), ...(input.region === undefined ? {} : { region: input.region }), ...(input.labels === undefined ? {} : { labels: input.labels }) },
  })
  const { cost, match, missing, currency, discount } = explained
  const show = (amount: CostLine['amount']): string | null => (amount === null || currency === null ? null : formatUnits(amount, currency))
  return {
    ...told,
    cost: cost === null ? null : formatUnits(cost.units, cost.asset),
    currency,
    missing: [...missing],
    rate: match === null ? null : { provider: match.rate.provider, model: match.rate.model, from: new Date(match.rate.from).toISOString().slice(0, 10), matched_by: match.by, matched: match.name, variants: explained.applied.map(variantText), source: match.rate.source ?? null },
    discount_percent: discount === null ? null : formatPercent(discount),
    lines: explained.lines.map(({ kind, model, bucket, quantity, price, per, pricedAs, factor, amount }) => ({
      kind, model, bucket, quantity, price: show(price), per: per === null ? null : Number(per), priced_as: pricedAs, factor: factor === null ? null : factorText(factor), amount: show(amount),
    })),
  }
}

function eventsOf(answer: Partial<CostInputDocument>): { readonly events: readonly unknown[]; readonly unread: number } {
  const given = ['body', 'events', 'stream'].filter((field) => answer[field as keyof CostInputDocument] !== undefined)
  if (given.length !== 1) throw new InputError({ code: 'one_answer', field: 'body', message: `give the answer as one of body, events and stream${given.length === 0 ? '' : `, not as ${given.join(' and ')}`}` })
  if (answer.stream !== undefined) return parseStreamText(answer.stream)
  return { events: answer.events ?? [answer.body], unread: 0 }
}

/** The rates of the input; else those of a catalog file, and below them or without one those that are shipped. */
function ratesOf(input: CostInputDocument, file: string | null): Catalog {
  if (input.rate_card === undefined) return compileCatalog(withRates({ ...(file === null ? EMPTY_CATALOG : readCatalogFile(file)), ...(input.provider_terms === undefined ? {} : { provider_terms: input.provider_terms }) }, []), 1)
  const document: CatalogDocument = {
    currency: 'USD', features: [{ id: 'usage', name: 'Usage', kind: 'metered' }], meters: [], plans: [], credit_assets: [], rate_card: input.rate_card, provider_terms: input.provider_terms ?? [], gateway: { feature: 'usage', models: [] },
  }
  const problem = validateCatalog(document).find(({ level }) => level === 'error')
  if (problem !== undefined) throw new InputError({ code: problem.code, field: formatCatalogPath(problem.path), message: `${formatCatalogPath(problem.path)}: ${problem.message}` })
  return compileCatalog(document, 1)
}

function readCatalogFile(file: string): CatalogDocument {
  let source: string
  try {
    source = readFileSync(file, 'utf8')
  } catch (error) {
    throw new CliError(`${file} cannot be read (${String((error as NodeJS.ErrnoException).code)}).`)
  }
  const parsed = parseCatalog(source)
  if (parsed.kind === 'invalid') throw new CliError(parsed.issues.map((issue) => formatIssue(issue, file)).join('\n'), `Check it: tollgate catalog validate ${file}`)
  return parsed.document
}

function usageOutput(usage: ProviderUsage, unread: number): Omit<CostOutput, 'cost' | 'currency' | 'missing' | 'rate' | 'discount_percent' | 'lines'> {
  return {
    model: usage.model, service_tier: usage.tier, region: usage.region, labels: { ...usage.labels }, buckets: { ...usage.buckets },
    elsewhere: usage.elsewhere.map(({ model, kind, buckets }) => ({ model, kind, buckets: { ...buckets } })),
    tokens: usage.total, problems: usage.problems.map((problem) => ({ ...problem })), unread_events: unread, complete: isComplete(usage),
  }
}

function variantText(variant: RateVariant): string {
  const conditions = [...variant.when].map(([label, accepted]) => `${label} ${accepted.join(' or ')}`)
  const lengths = [...(variant.inputAbove === null ? [] : [`more than ${variant.inputAbove} tokens of input`]), ...(variant.totalAbove === null ? [] : [`more than ${variant.totalAbove} tokens`])]
  return `${[...conditions, ...lengths].join(', ')}: ${variant.factor === null ? 'own prices' : `× ${formatRatio(variant.factor)}`}`
}

/** A product of factors, as a decimal of at most nine places. */
function factorText({ numerator, denominator }: NonNullable<CostLine['factor']>): string {
  return formatRatio(((numerator * 1_000_000_000n) / denominator) as Ratio)
}

export function renderCost(output: CostOutput): string {
  const rows = [['bucket', 'count', 'price', 'amount']]
  if (output.lines.length === 0) for (const [bucket, count] of Object.entries(output.buckets)) rows.push([bucket, String(count), '', ''])
  for (const line of output.lines) {
    const other = line.model === (output.model ?? line.model) || line.bucket === null ? '' : ` (${line.model})`
    const kin = line.priced_as === null || line.priced_as === line.bucket ? '' : ` as ${line.priced_as}`
    const price = line.price === null ? (line.kind === 'bucket' ? 'no price' : '') : `${line.price}${line.per === 1_000_000 ? ' / 1M' : ''}${line.factor === null ? '' : ` × ${line.factor}`}${kin}`
    rows.push([line.bucket === null ? (line.kind === 'discount' ? `discount ${output.discount_percent} %` : line.kind) : `${line.bucket}${other}`, line.quantity === null ? '' : String(line.quantity), price, line.amount ?? ''])
  }
  const from = output.rate === null ? '' : `\nrate  ${output.rate.provider}/${output.rate.model} from ${output.rate.from}, ${output.rate.source === null ? '' : `${output.rate.source}, `}found by ${output.rate.matched_by} ${output.rate.matched}${output.rate.variants.map((variant) => `\n      ${variant}`).join('')}`
  const problems = output.problems.map(({ message }) => `\nnote  ${message}`).join('')
  const stated = output.tokens.stated === null ? '' : `, ${output.tokens.stated} stated`
  const cost = output.cost === null ? `unknown: no price for ${output.missing.join(', ')}` : `${output.cost} ${output.currency}`
  return `${output.model ?? 'a model that the answer does not name'}, ${output.service_tier}${output.region === null ? '' : `, ${output.region}`}: ${output.tokens.counted} tokens${stated}\n\n${table(rows, 1)}\n${from}${problems}\ncost  ${cost}`
}
