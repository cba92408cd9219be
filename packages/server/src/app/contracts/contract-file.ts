// The shape of a contract as text, YAML or JSON: what a person writes for one customer, with the prices, allowances and limits of a
// catalog. Amounts stay decimal text. Whether it fits the catalog is for `validateContract` of core to say.

import { formatCatalogPath, InputError, isRecurring, type ContractDocument, type OverrideKind } from '@tollgate/core'
import * as z from 'zod'
import { choice, decimal, fields, list, text } from '../catalog/fields.ts'
import { allowance, limit, named, price } from '../catalog/schema.ts'
import { readYaml } from '../catalog/yaml-source.ts'

const day = (description: string, example: string) => text({ description, example })

const discount = fields('Discount', {
  id: text({ description: 'Stands on the invoice line.', example: 'partner' }),
  name: text({ description: 'Text of the invoice line. Left out, it is made from the id.', example: 'Partner discount' }).optional(),
  on: choice(['price', 'plan', 'all'], { description: '`price`: one price or fee; `plan`: all that one plan asks; `all`: everything.', example: 'all' }).default('all'),
  of: text({ description: 'Id of the price or plan.', example: 'input_tokens' }).nullable().default(null),
  percent: decimal({ description: 'Percent off.', example: 15 }).nullable().default(null),
  amount: decimal({ description: 'Amount off each period, in the currency of the customer.', example: 100 }).nullable().default(null),
}, 'Something off: a percent of the price when usage is charged, or an amount off the period.').transform(named)

const commitment = fields('Commitment', {
  minimum: decimal({ description: 'At least this is due in each window; what is missing is a line of its last invoice.', example: 12000 }).nullable().default(null),
  maximum: decimal({ description: 'No more than this is due in each window.', example: 50000 }).nullable().default(null),
  window: choice(['billing_period', 'contract_year'], { description: 'How long the customer has to reach it.', example: 'contract_year' }).default('billing_period'),
  counts: choice(['usage', 'all'], { description: 'What counts: usage alone, or fees too.', example: 'all' }).default('all'),
}, 'What the customer agreed to spend.')

/** What is due for time is the contract's `fee`. */
const usagePrice = price.transform((document, ctx) => {
  if (!isRecurring(document)) return document
  ctx.addIssue({ code: 'custom', path: ['model'], message: `a contract negotiates prices of usage; what is due for time is its fee` })
  return z.NEVER
})

const termsFields = {
  discounts: list(discount, { description: 'Taken one after the other.' }).default([]),
  prices: list(negotiated(usagePrice), { description: 'Prices as in a plan, in place of the one of the same id or usage. `override: grant` holds only where it is cheaper.' }).default([]),
  fee: decimal({ description: 'Fee for each period instead of the plan’s.', example: 30 }).nullable().default(null),
  allowances: list(negotiated(allowance), { description: 'Included units as in a plan. `override: grant` never takes away.' }).default([]),
  limits: list(negotiated(limit), { description: 'Caps as in a plan. `override: grant` never takes away.' }).default([]),
  commitment: commitment.nullable().default(null),
}

const phase = fields('Phase', { from: day('First day on which it holds, in the time zone of the customer.', '2027-01-01'), ...termsFields }, 'What holds from a day on, until the next phase begins.')

/** A contract without a ramp may be written without phases: its terms stand beside its days. */
const contractFile = fields('Contract', {
  name: text({ description: 'Shown to people.', example: 'Acme 2027' }),
  from: day('First day, in the time zone of the customer.', '2027-01-01'),
  to: day('First day after it.', '2028-01-01').nullable().default(null),
  phases: list(phase, { description: 'A ramp: each phase holds until the next begins; the first begins with the contract.' }).optional(),
  ...termsFields,
}, 'What one customer agreed beyond its plan.').transform(({ phases, name, from, to, ...terms }): ContractDocument => ({ name, from, to, phases: phases ?? [{ from, ...terms }] }))

/** @throws InputError with the first thing that is wrong and its line. */
export function readContract(source: string): ContractDocument {
  const yaml = readYaml(source)
  const refuse = (message: string) => new InputError({ code: 'invalid_contract', field: 'source', message })
  if (yaml.kind === 'faulty') throw refuse(`line ${yaml.faults[0]!.line}: ${yaml.faults[0]!.message}`)
  const parsed = contractFile.safeParse(yaml.value, { reportInput: true })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = issue!.path.filter((part): part is string | number => typeof part !== 'symbol')
  const { line } = yaml.locate(path, false)
  const known = issue!.code === 'custom' && Array.isArray(issue!.params?.['known']) ? `no such field; known are ${(issue!.params['known'] as readonly string[]).join(', ')}` : issue!.input === undefined && issue!.code === 'invalid_type' ? 'is missing' : issue!.message
  throw refuse(`line ${line}, ${formatCatalogPath(path) || 'the contract'}: ${known}`)
}

/** What a plan has, with how it overrides that. */
function negotiated<Inner extends z.ZodType>(inner: Inner) {
  return z.unknown().transform((value, ctx): { readonly override: OverrideKind } & z.output<Inner> => {
    const { override = 'replace', ...rest } = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
    if (override !== 'replace' && override !== 'grant') {
      ctx.addIssue({ code: 'custom', path: ['override'], message: 'override must be replace or grant' })
      return z.NEVER
    }
    const parsed = inner.safeParse(rest)
    if (parsed.success) return { override, ...(parsed.data as object) } as { readonly override: OverrideKind } & z.output<Inner>
    for (const issue of parsed.error.issues) ctx.addIssue({ code: 'custom', path: [...issue.path], message: issue.message, ...(issue.code === 'custom' && issue.params !== undefined ? { params: issue.params } : {}) })
    return z.NEVER
  })
}
