// `tollgate status`: whether a running server is alive and ready, and which catalog is in force there. Exit code 0 when it is
// ready, 1 otherwise. It changes nothing.

import type { Command } from 'commander'
import { connect, type Answer, type Client } from './client.ts'
import { paint, print, printJson, runCommand, type CliDeps } from './output.ts'

export function registerStatusCommand(program: Command, deps: CliDeps): void {
  program
    .command('status')
    .description('health of a running server; exit code 0: ready, 1: not')
    .option('--json', 'print JSON instead of text')
    .action((options: { readonly json?: true }) => runCommand(deps, () => status(options, deps)))
}

async function status(options: { readonly json?: true }, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const alive = isFine(await client.fetch('GET', '/healthz'))
  const ready = await client.fetch('GET', '/readyz')
  const catalog = await catalogVersion(client)
  if (options.json) printJson(deps, { url: client.url, alive, ready: isFine(ready), catalog_version: catalog })
  else {
    const word = isFine(ready) ? paint(deps.stdout, 'green', 'ready') : paint(deps.stdout, 'red', alive ? 'alive, not ready' : 'not alive')
    print(deps, `${client.url}  ${word}${isFine(ready) ? '' : reasonOf(ready)}`)
    print(deps, `catalog  ${catalog === null ? 'unknown: set TOLLGATE_ADMIN_KEY to a key with the scope admin' : catalog === 0 ? 'none yet' : `version ${catalog}`}`)
  }
  return isFine(ready) ? 0 : 1
}

function isFine(answer: Answer): boolean {
  return answer.status >= 200 && answer.status < 300
}

/** Null without a key that may read it. */
async function catalogVersion(client: Client): Promise<number | null> {
  const { body } = await client.fetch('GET', '/v1/catalog')
  const version = typeof body === 'object' && body !== null && 'version' in body ? body.version : null
  return typeof version === 'number' ? version : null
}

function reasonOf(answer: Answer): string {
  const { body } = answer
  const detail = typeof body === 'object' && body !== null && 'detail' in body ? body.detail : null
  return typeof detail === 'string' ? `: ${detail}` : ` (${answer.status})`
}
