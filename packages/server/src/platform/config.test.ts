import { expect, test } from 'vitest'
import { loadConfig, OPTIONS, renderConfigReference, requireNodeConfig } from './config.ts'

function problems(env: Record<string, string>, flags = {}): string {
  try {
    return JSON.stringify(loadConfig({ env, flags }))
  } catch (error) {
    return (error as Error).message
  }
}

test('without any setting the program starts on this machine alone, with the embedded database', () => {
  expect(loadConfig({ env: {} })).toMatchInlineSnapshot(`
    {
      "anthropicApiKey": null,
      "controlUrl": null,
      "dataDir": ".tollgate",
      "databaseUrl": null,
      "deepseekApiKey": null,
      "eventAheadMinutes": 5,
      "eventLateDays": 400,
      "exportKeyId": null,
      "exportSecret": null,
      "exportTo": null,
      "gatewayPort": 4101,
      "gateways": 1,
      "geminiApiKey": null,
      "groqApiKey": null,
      "host": "127.0.0.1",
      "invoiceFont": null,
      "keepEventMonths": null,
      "logLevel": "info",
      "masterKey": null,
      "mistralApiKey": null,
      "nodeId": null,
      "nodeToken": null,
      "oidcClientId": null,
      "oidcClientSecret": null,
      "oidcIssuer": null,
      "oidcName": null,
      "oidcRoles": Map {},
      "oidcRolesClaim": "groups",
      "oidcScopes": "openid profile email",
      "openaiApiKey": null,
      "openaiBaseUrl": null,
      "personalDimensions": [],
      "port": 4100,
      "publicUrl": null,
      "ratesConfirmAbove": "10",
      "ratesUrl": null,
      "taxSecret": null,
      "taxUrl": null,
      "togetherApiKey": null,
      "xaiApiKey": null,
    }
  `)
})

test('a flag beats the environment, which beats the default, and an empty variable counts as not set', () => {
  const config = loadConfig({ env: { TOLLGATE_PORT: '1', TOLLGATE_GATEWAY_PORT: '2', TOLLGATE_HOST: '' }, flags: { port: '3' } })
  expect(config).toMatchObject({ port: 3, gatewayPort: 2, host: '127.0.0.1' })
})

test('everything that is wrong is told at once, with a suggestion for what is misspelt', () => {
  expect(problems({ TOLLGATE_PROT: '1', TOLLGATE_SOMETHING_ELSE: '1', TOLLGATE_PORT: 'http', TOLLGATE_LOG_LEVEL: 'loud', TOLLGATE_RUNNER: 'ipc' })).toMatchInlineSnapshot(`
    "Tollgate cannot start with these settings:
      - TOLLGATE_PROT is not a setting; did you mean TOLLGATE_PORT?
      - TOLLGATE_SOMETHING_ELSE is not a setting
      - TOLLGATE_PORT must be a port number, got "http"
      - TOLLGATE_LOG_LEVEL must be one of trace, debug, info, warn, error, silent, got "loud""
  `)
})

test('a malformed value is refused with its form, and a secret is never repeated', () => {
  const cases: readonly (readonly [Record<string, string>, string])[] = [
    [{ TOLLGATE_PORT: '65536' }, 'TOLLGATE_PORT must be a port number up to 65535, got "65536"'],
    [{ TOLLGATE_PUBLIC_URL: 'usage.example.com' }, 'TOLLGATE_PUBLIC_URL must be a URL such as https://usage.example.com, got "usage.example.com"'],
    [{ DATABASE_URL: 'mysql://root:hunter2@db/x' }, 'DATABASE_URL must be a URL such as postgres://user:password@host/database'],
    [{ TOLLGATE_MASTER_KEY: 'c2hvcnQ=' }, 'TOLLGATE_MASTER_KEY must be 32 bytes in base64, made by: openssl rand -base64 32'],
    [{ TOLLGATE_NODE_ID: 'Node 1' }, 'TOLLGATE_NODE_ID must be lower-case letters, digits, dots and dashes, at most 60, got "Node 1"'],
  ]
  for (const [env, message] of cases) expect(problems(env)).toBe(`Tollgate cannot start with these settings:\n  - ${message}`)
  expect(problems({}, { port: 'x' })).toContain('--port must be a port number, got "x"')
})

test('a URL is kept without its trailing slash, so that paths can be joined to it', () => {
  expect(loadConfig({ env: { TOLLGATE_PUBLIC_URL: 'https://usage.example.com/' } }).publicUrl).toBe('https://usage.example.com')
})

test('a gateway node is told what it lacks', () => {
  expect(() => requireNodeConfig(loadConfig({ env: { TOLLGATE_NODE_TOKEN: 'x' } }))).toThrow('A gateway node needs TOLLGATE_CONTROL_URL: the address')
  expect(requireNodeConfig(loadConfig({ env: { TOLLGATE_NODE_TOKEN: 'x', TOLLGATE_CONTROL_URL: 'http://a:1/' } }))).toEqual({ controlUrl: 'http://a:1', nodeToken: 'x' })
})

test('no secret has a flag, and the reference names every setting', () => {
  const reference = renderConfigReference()
  for (const known of Object.values(OPTIONS)) {
    expect(known.isSecret && known.flag !== null).toBe(false)
    expect(reference).toContain(`\`${known.env}\``)
  }
})
