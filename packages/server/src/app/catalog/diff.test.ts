import { readFileSync } from 'node:fs'
import type { CatalogDocument } from '@tollgate/core'
import { expect, test } from 'vitest'
import { diffCatalogs, plansTouched } from './diff.ts'
import { parseCatalog } from './parse-yaml.ts'

const DEMO = readFileSync('examples/catalogs/demo.yaml', 'utf8')

function parse(text: string): CatalogDocument {
  const parsed = parseCatalog(text)
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.issues))
  return parsed.document
}

/** The demo with `from` replaced, compared with the demo: one line a field. */
function changes(from: string | RegExp, to: string): string[] {
  const after = DEMO.replace(from, to)
  expect(after).not.toBe(DEMO)
  return diffCatalogs(parse(DEMO), parse(after)).flatMap(({ action, kind, plan, id, fields }) => {
    const name = `${action} ${kind} ${plan === null ? '' : `${plan}/`}${id}`
    return action === 'changed' ? fields.map(({ field, before, after: now }) => `${name} ${field}: ${JSON.stringify(before)} → ${JSON.stringify(now)}`) : [name]
  })
}

test('a catalog does not differ from itself, nor from another way to write the same', () => {
  expect(diffCatalogs(parse(DEMO), parse(DEMO))).toEqual([])
  expect(changes('amount: 0.030', 'amount: "0.03"')).toEqual([])
  expect(changes('# A fee, an allowance', '# Another comment')).toEqual([])
  expect(changes('{ input: 1, cached_input: 0.1, output: 2 }', '{ output: 2.0, input: 1, cached_input: 0.1 }')).toEqual([])
  expect(changes('{ id: chat, name: Chat, kind: metered }', '{ kind: metered, name: Chat, id: chat }')).toEqual([])
})

test.each([
  ['a fee', 'amount: 49', 'amount: 59', ['changed fee hybrid/fee amount: "49" → "59"']],
  ['a price in both plans that share it', 'amount: 0.015', 'amount: 0.02', ['changed price hybrid/input_tokens amount: "0.015" → "0.02"', 'changed price prepaid/input_tokens amount: "0.015" → "0.02"']],
  ['a limit', 'quantity: 200,', 'quantity: 100,', ['changed limit free/daily_requests quantity: "200" → "100"']],
  ['funding', '[allowance, wallet]', '[allowance, wallet, overage]', ['changed plan prepaid/prepaid funding: ["allowance","wallet"] → ["allowance","wallet","overage"]']],
  ['a feature that a plan loses', '[chat, agents, sso]', '[chat, agents]', ['removed entitlement hybrid/sso']],
  ['a price model', 'model: per_unit, amount: 0.10', 'model: package, size: 10, amount: 0.10', [
    'changed price hybrid/agent_steps model: "per_unit" → "package"', 'changed price hybrid/agent_steps per: "1" → null', 'changed price hybrid/agent_steps size: null → "10"',
    'changed price prepaid/agent_steps model: "per_unit" → "package"', 'changed price prepaid/agent_steps per: "1" → null', 'changed price prepaid/agent_steps size: null → "10"',
  ]],
  ['a meter', 'unit: step', 'unit: turn', ['changed meter agent_steps unit: "step" → "turn"']],
  ['a rate', '{ input: 1, cached_input: 0.1', '{ input: 1.5, cached_input: 0.1', ['changed rate sandbox/sandbox-small@2024-01-01 per_million: {"input":"1","cached_input":"0.1","output":"2"} → {"input":"1.5","cached_input":"0.1","output":"2"}']],
  ['a model of the gateway', '    - { name: o3, upstream: openai }\n', '', ['removed gateway_model o3']],
  ['the order of an allowance', 'meters: [input_tokens, output_tokens], quantity: 2000', 'meters: [output_tokens, input_tokens], quantity: 2000', ['changed allowance prepaid/tokens meters: ["input_tokens","output_tokens"] → ["output_tokens","input_tokens"]']],
  ['the order of the features', /( {2}- \{ id: chat.*\n)( {2}- \{ id: agents.*\n)/, '$2$1', ['changed order features order: ["chat","agents","sso"] → ["agents","chat","sso"]']],
])('tells %s, before and after', (_, from, to, expected) => {
  expect(changes(from, to)).toEqual(expected)
})

test('a plan that goes is told with all its parts, and so is one that comes', () => {
  expect(changes(/ {2}# No prices[\s\S]*?funding: \[allowance\]\n/, '')).toEqual(['removed plan free/free', 'removed entitlement free/chat', 'removed allowance free/tokens', 'removed limit free/daily_requests'])
  expect(changes('id: free\n', 'id: trial\n')).toEqual([
    'added plan trial/trial', 'added entitlement trial/chat', 'added allowance trial/tokens', 'added limit trial/daily_requests',
    'removed plan free/free', 'removed entitlement free/chat', 'removed allowance free/tokens', 'removed limit free/daily_requests',
  ])
})

test('an added item tells all that it has', () => {
  const [change] = diffCatalogs(parse(DEMO.replace(/ {2}- \{ id: sso.*\n/, '').replace(', sso]', ']')), parse(DEMO))
  expect(change).toEqual({
    action: 'added', kind: 'feature', plan: null, id: 'sso',
    fields: [{ field: 'id', before: null, after: 'sso' }, { field: 'name', before: null, after: 'Single sign-on' }, { field: 'kind', before: null, after: 'boolean' }],
  })
})

test('against no catalog everything is added', () => {
  expect(new Set(diffCatalogs(null, parse(DEMO)).map(({ action, kind }) => `${kind} ${action}`))).toEqual(
    new Set(['catalog changed', 'feature added', 'meter added', 'plan added', 'fee added', 'entitlement added', 'price added', 'allowance added', 'limit added', 'credit_asset added', 'rate added', 'gateway changed', 'gateway_model added']),
  )
})

test.each([
  ['amount: 49', 'amount: 59', ['hybrid']],
  ['unit: step', 'unit: turn', ['hybrid', 'prepaid']],
  ['name: Single sign-on', 'name: SSO', ['hybrid']],
  ['{ input: 1, cached', '{ input: 2, cached', []],
  ['currency: USD\n\nfeatures', 'currency: EUR\n\nfeatures', ['hybrid', 'prepaid', 'free']],
])('%s → %s touches the plans that use it', (from, to, expected) => {
  const [before, after] = [parse(DEMO), parse(DEMO.replace(from, to))]
  expect(plansTouched(diffCatalogs(before, after), [before, after])).toEqual(expected)
})
