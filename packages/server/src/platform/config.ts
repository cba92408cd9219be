// Every setting of the program, in one table: environment variable, flag, default and what it means. The docs' reference and
// the types come from the table. Invariant: a setting that is misspelt or malformed stops the start with everything that is wrong,
// because a limit that was silently not set costs money. Secrets have no flag: a flag is seen by every user of the machine.

import { nearest, type OperatorRole } from '@tollgate/core'
import { z } from 'zod'
import { LOG_LEVELS } from './log.ts'
import { StartError } from './start-error.ts'

type Option<S extends z.ZodType> = {
  readonly env: string
  /** Null where the value is a secret or belongs to the environment. */
  readonly flag: string | null
  /** As text, as if it had been set; null: not set, which `doc` explains. */
  readonly default: string | null
  readonly doc: string
  /** Never printed. */
  readonly isSecret: boolean
  /** From the text of the environment. */
  readonly schema: S
}

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port number')
  .transform(Number)
  .refine((value) => value <= 65_535, 'must be a port number up to 65535')

function url(what: string, ...protocols: readonly string[]) {
  const isFine = (text: string) => URL.canParse(text) && protocols.includes(new URL(text).protocol)
  return z.string().refine(isFine, `must be a URL such as ${what}`)
}
const httpUrl = (what: string) => url(what, 'http:', 'https:').transform((text) => text.replace(/\/+$/, ''))

const text = z.string()
const names = z.string().regex(/^([A-Za-z][A-Za-z0-9_.-]{0,63}(,[A-Za-z][A-Za-z0-9_.-]{0,63})*)?$/, 'must be names joined by commas').transform((value) => value.split(',').filter((name) => name !== ''))
/** `least` to `most`, both included. */
function wholeNumber(least: number, most: number) {
  const isIn = (value: number) => value >= least && value <= most
  return z.string().regex(/^\d{1,9}$/, `must be a whole number from ${least} to ${most}`).transform(Number).refine(isIn, `must be a whole number from ${least} to ${most}`)
}
const rolesByGroup = z
  .string()
  .refine((value) => value === '' || value.split(',').every((pair) => /^[^=,]{1,200}=(viewer|support|finance|admin)$/.test(pair.trim())), 'must be pairs such as platform=admin,helpdesk=support, with the roles viewer, support, finance and admin')
  .transform((value): ReadonlyMap<string, OperatorRole> => new Map(value === '' ? [] : value.split(',').map((pair) => pair.trim().split('=') as [string, OperatorRole])))
const nodeId = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,59}$/, 'must be lower-case letters, digits, dots and dashes, at most 60')
const base64Key = z.string().refine((value) => /^[A-Za-z0-9+/_-]{43}=?$/.test(value), 'must be 32 bytes in base64, made by: openssl rand -base64 32')

function providerKey(env: string, provider: string) {
  return option({ env, isSecret: true, schema: text, doc: `Key for the ${provider} upstream, at the provider’s own address. Not set: no such upstream, unless one is added by API.` })
}

export const OPTIONS = {
  dataDir: option({
    env: 'TOLLGATE_DATA_DIR', flag: '--data-dir', default: '.tollgate', schema: text,
    doc: 'Folder for the embedded PostgreSQL, the journal and the master key. One running Tollgate per folder.',
  }),
  databaseUrl: option({
    env: 'DATABASE_URL', isSecret: true, schema: url('postgres://user:password@host/database', 'postgres:', 'postgresql:'),
    doc: 'A PostgreSQL 15 or newer. Not set: the embedded PostgreSQL 18 runs in the data folder.',
  }),
  host: option({
    env: 'TOLLGATE_HOST', flag: '--host', default: '127.0.0.1', schema: text,
    doc: 'Address that both ports listen on. Behind a proxy or in a container: 0.0.0.0.',
  }),
  port: option({
    env: 'TOLLGATE_PORT', flag: '--port', default: '4100', schema: port,
    doc: 'Port of the API and the console. 0 picks a free one.',
  }),
  gatewayPort: option({
    env: 'TOLLGATE_GATEWAY_PORT', flag: '--gateway-port', default: '4101', schema: port,
    doc: 'Port of the gateway, where AI requests go. 0 picks a free one.',
  }),
  gateways: option({
    env: 'TOLLGATE_GATEWAYS', flag: '--gateways', default: '1', schema: wholeNumber(1, 64),
    doc: 'Gateway processes that share the port of the gateway, each a node with a journal of its own. More than 1 needs a system that spreads connections over the processes of a port: Linux, FreeBSD.',
  }),
  logLevel: option({
    env: 'TOLLGATE_LOG_LEVEL', flag: '--log-level', default: 'info', schema: z.enum(LOG_LEVELS),
    doc: `What is logged to standard error: ${LOG_LEVELS.join(', ')}.`,
  }),
  masterKey: option({
    env: 'TOLLGATE_MASTER_KEY', isSecret: true, schema: base64Key,
    doc: 'Seals the provider keys and webhook secrets in the database: 32 bytes in base64. Not set: the file master.key in the data folder, made at the first start. Keep a copy; several machines on one database need the same.',
  }),
  publicUrl: option({
    env: 'TOLLGATE_PUBLIC_URL', flag: '--public-url', schema: httpUrl('https://usage.example.com'),
    doc: 'Where your customers reach the console; refusals point there (`top_up_url`). Not set: the address of TOLLGATE_PORT.',
  }),
  openaiApiKey: option({
    env: 'OPENAI_API_KEY', isSecret: true, schema: text,
    doc: 'Key for the OpenAI upstream. Not set: the built-in sandbox answers, free of charge.',
  }),
  openaiBaseUrl: option({
    env: 'OPENAI_BASE_URL', schema: httpUrl('https://api.openai.com/v1'),
    doc: 'Another upstream that speaks the OpenAI format. Not set: OpenAI itself.',
  }),
  anthropicApiKey: providerKey('ANTHROPIC_API_KEY', 'Anthropic'),
  geminiApiKey: providerKey('GEMINI_API_KEY', 'Gemini'),
  groqApiKey: providerKey('GROQ_API_KEY', 'Groq'),
  mistralApiKey: providerKey('MISTRAL_API_KEY', 'Mistral'),
  deepseekApiKey: providerKey('DEEPSEEK_API_KEY', 'DeepSeek'),
  xaiApiKey: providerKey('XAI_API_KEY', 'xAI'),
  togetherApiKey: providerKey('TOGETHER_API_KEY', 'Together'),
  eventLateDays: option({
    env: 'TOLLGATE_EVENT_LATE_DAYS', flag: '--event-late-days', default: '400', schema: wholeNumber(1, 3_660),
    doc: 'How old the time of a usage event may be, in days. Older ones are refused: raise it for an import of years.',
  }),
  eventAheadMinutes: option({
    env: 'TOLLGATE_EVENT_AHEAD_MINUTES', flag: '--event-ahead-minutes', default: '5', schema: wholeNumber(0, 1_440),
    doc: 'How far ahead of the clock of this machine the time of a usage event may be, in minutes: what clocks are apart.',
  }),
  invoiceFont: option({
    env: 'TOLLGATE_INVOICE_FONT', schema: text,
    doc: 'A TrueType or OpenType file for invoices in scripts beyond Latin, Greek and Cyrillic. Not set: Roboto.',
  }),
  taxUrl: option({
    env: 'TOLLGATE_TAX_URL', schema: httpUrl('https://tax.example.com/determine'),
    doc: 'A service that says which tax customers have whose billing profile leaves it to one. Needs TOLLGATE_TAX_SECRET. Not set: none.',
  }),
  taxSecret: option({ env: 'TOLLGATE_TAX_SECRET', isSecret: true, schema: text, doc: 'Signs what the tax service is asked, as webhooks are signed: `whsec_` and 24 to 64 bytes in base64.' }),
  oidcIssuer: option({
    env: 'TOLLGATE_OIDC_ISSUER', schema: httpUrl('https://login.example.com'),
    doc: 'OpenID Connect issuer by which your people sign in to the console, beside keys. Register `<TOLLGATE_PUBLIC_URL>/v1/session/oidc/callback` there. Not set: keys only.',
  }),
  oidcClientId: option({ env: 'TOLLGATE_OIDC_CLIENT_ID', schema: text, doc: 'Client id at the issuer. Needed with TOLLGATE_OIDC_ISSUER.' }),
  oidcClientSecret: option({ env: 'TOLLGATE_OIDC_CLIENT_SECRET', isSecret: true, schema: text, doc: 'Client secret at the issuer. Not set: a public client; PKCE is used either way.' }),
  oidcName: option({ env: 'TOLLGATE_OIDC_NAME', schema: text, doc: 'Name on the button of the sign-in. Not set: the issuer’s host.' }),
  oidcScopes: option({ env: 'TOLLGATE_OIDC_SCOPES', default: 'openid profile email', schema: text, doc: 'Scopes that are asked for, joined by spaces; the one that makes your issuer tell groups among them.' }),
  oidcRolesClaim: option({ env: 'TOLLGATE_OIDC_ROLES_CLAIM', default: 'groups', schema: text, doc: 'Claim of the token that lists the groups of a person.' }),
  oidcRoles: option({
    env: 'TOLLGATE_OIDC_ROLES', default: '', schema: rolesByGroup,
    doc: 'Which group has which role, such as `platform=admin,billing=finance,helpdesk=support,staff=viewer`. Who is in none of them cannot sign in; of several the strongest counts.',
  }),
  ratesUrl: option({
    env: 'TOLLGATE_RATES_URL', schema: text,
    doc: 'A price list that is imported once a day: an address (http, https) or a file, in a shape that `tollgate rates import` reads. Not set: nothing is imported by itself.',
  }),
  exportTo: option({
    env: 'TOLLGATE_EXPORT_TO', schema: text,
    doc: 'Where the records of each closed day are written as Parquet: a folder, or a bucket as s3://bucket/prefix?region=eu-central-1, with &endpoint=https://… for one that is not Amazon’s. Not set: nowhere.',
  }),
  exportKeyId: option({ env: 'TOLLGATE_EXPORT_KEY_ID', isSecret: true, schema: text, doc: 'Access key of the bucket in TOLLGATE_EXPORT_TO.' }),
  exportSecret: option({ env: 'TOLLGATE_EXPORT_SECRET', isSecret: true, schema: text, doc: 'Its secret.' }),
  ratesConfirmAbove: option({
    env: 'TOLLGATE_RATES_CONFIRM_ABOVE', default: '10', schema: z.string().regex(/^\d{1,6}(\.\d)?$/, 'must be a percentage such as 10 or 2.5'),
    doc: 'Percent above which the daily import leaves a change of a price to you, and says so on the event stream.',
  }),
  keepEventMonths: option({
    env: 'TOLLGATE_KEEP_EVENT_MONTHS', flag: '--keep-event-months', schema: wholeNumber(1, 1_200),
    doc: 'Whole months of usage events that are kept beside the running one; older ones are dropped, their totals and charges stay. Not set: for ever.',
  }),
  personalDimensions: option({
    env: 'TOLLGATE_PERSONAL_DIMENSIONS', flag: '--personal-dimensions', default: '', schema: names,
    doc: 'Dimensions whose values are persons, joined by commas: they are recorded under pseudonyms, and can be erased.',
  }),
  controlUrl: option({
    env: 'TOLLGATE_CONTROL_URL', flag: '--control-url', schema: httpUrl('http://10.0.0.5:4100'),
    doc: 'Gateway mode: the API of the Tollgate that this node leases its budgets from.',
  }),
  nodeToken: option({
    env: 'TOLLGATE_NODE_TOKEN', isSecret: true, schema: text,
    doc: 'What nodes show to the control plane: the same on `serve` and on every gateway node elsewhere, made by: openssl rand -base64 32. Not set: `serve` makes one for its own gateway at each start.',
  }),
  nodeId: option({
    env: 'TOLLGATE_NODE_ID', flag: '--node-id', schema: nodeId,
    doc: 'Gateway mode: the name of this node, the same at each start, its own among all nodes. Not set: the name of the machine.',
  }),
} as const satisfies Readonly<Record<string, Option<z.ZodType>>>

export type OptionName = keyof typeof OPTIONS
/** An option without a default is null when it is not set. */
export type Config = { readonly [K in OptionName]: z.output<(typeof OPTIONS)[K]['schema']> | NullUnlessDefault<(typeof OPTIONS)[K]> }
type NullUnlessDefault<O> = O extends { readonly default: string } ? never : null

const PREFIX = 'TOLLGATE_'
/** Names of ours that are not settings. */
const INTERNAL_NAMES = ['TOLLGATE_RUNNER', 'TOLLGATE_URL', 'TOLLGATE_ADMIN_KEY']

/**
 * Reads the settings: a flag beats the environment, which beats the default. An empty value counts as not set.
 * @throws {StartError} `invalid_config` with every problem at once.
 */
export function loadConfig(input: { readonly env: NodeJS.ProcessEnv; readonly flags?: Readonly<Partial<Record<OptionName, string>>> }): Config {
  const problems = unknownVariables(input.env)
  const values = Object.entries(OPTIONS).map(([name, known]: [string, Option<z.ZodType>]) => {
    const flag = input.flags?.[name as OptionName]
    const given = flag ?? (input.env[known.env] === '' ? undefined : input.env[known.env]) ?? known.default
    if (given === null) return [name, null]
    const parsed = known.schema.safeParse(given)
    if (parsed.success) return [name, parsed.data]
    const shown = known.isSecret ? '' : `, got ${JSON.stringify(given)}`
    problems.push(`${flag === undefined ? known.env : known.flag} ${messageOf(parsed.error)}${shown}`)
    return [name, null]
  })
  if (problems.length > 0) throw new StartError({ code: 'invalid_config', message: `Tollgate cannot start with these settings:\n${problems.map((problem) => `  - ${problem}`).join('\n')}` })
  return Object.fromEntries(values) as Config
}

/** What gateway mode needs, or a {@link StartError} that says what is missing. */
export function requireNodeConfig(config: Config): { readonly controlUrl: string; readonly nodeToken: string } {
  const { controlUrl, nodeToken } = config
  if (controlUrl !== null && nodeToken !== null) return { controlUrl, nodeToken }
  const missing = [controlUrl === null ? OPTIONS.controlUrl.env : null, nodeToken === null ? OPTIONS.nodeToken.env : null].filter((name) => name !== null)
  throw new StartError({ code: 'invalid_config', message: `A gateway node needs ${missing.join(' and ')}: the address of its Tollgate, and the TOLLGATE_NODE_TOKEN that it was started with.` })
}

/** The reference page of the docs, in Markdown. */
export function renderConfigReference(): string {
  const rows = Object.values(OPTIONS).map((known: Option<z.ZodType>) => {
    const name = known.flag === null ? `\`${known.env}\`` : `\`${known.env}\`<br>\`${known.flag}\``
    return `| ${name} | ${known.default === null ? '–' : `\`${known.default}\``} | ${known.doc}${known.isSecret ? ' *Secret.*' : ''} |`
  })
  return [
    '# Configuration',
    '',
    'Settings come from flags, then the environment, then the default. An empty value counts as not set. A variable that begins with',
    '`TOLLGATE_` and is not in this list stops the start, with a suggestion. Prices, plans and limits are not settings: they are in the catalog.',
    '',
    '| setting | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

function option<S extends z.ZodType, D extends string | null = null>(input: {
  readonly env: string
  readonly flag?: string
  readonly default?: D
  readonly isSecret?: boolean
  readonly schema: S
  readonly doc: string
}): Option<S> & { readonly default: D } {
  return { ...input, flag: input.flag ?? null, default: input.default ?? (null as D), isSecret: input.isSecret ?? false }
}

function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const known = Object.values(OPTIONS).map((entry) => entry.env as string).filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length))
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name.slice(PREFIX.length)) && !INTERNAL_NAMES.includes(name))
    .map((name) => {
      const suggestion = nearest(name.slice(PREFIX.length), known)
      return `${name} is not a setting${suggestion === null ? '' : `; did you mean ${PREFIX}${suggestion}?`}`
    })
}

function messageOf(error: z.ZodError): string {
  const issue = error.issues[0]
  if (issue?.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`
  return issue?.message ?? 'is not valid'
}
