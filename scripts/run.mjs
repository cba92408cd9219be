// Runs a script of the project with the project's own Node 26, from any Node ≥ 20: `node scripts/run.mjs <script> [arguments…]`.
// It installs what is missing first (setup.mjs). The script's path is read from the project's root, everything else from the
// current folder. Plain JavaScript without dependencies, because it runs before anything is installed.
//
// Where Node can replace its own process (process.execve), it does: one process, the same pid, nothing to forward.
// Elsewhere it starts a child, forwards SIGINT, SIGTERM and SIGHUP (a Ctrl-C then reaches the child twice: from the terminal and
// from here) and exits as it did. Against its own `kill -9` the child holds a channel and finds TOLLGATE_RUNNER=ipc in its
// environment; a long-lived child does `process.on('disconnect', stop)` and `process.channel?.unref()`, because an open
// channel would keep it running.

import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { root, setup, SetupError } from './setup.mjs'

const [script, ...args] = process.argv.slice(2)
if (script === undefined) fail('Usage: node scripts/run.mjs <script.ts> [arguments…]', 2)
else await run(resolve(root, script), args)

async function run(path, argv) {
  const node = await setup().catch((error) => {
    if (!(error instanceof SetupError)) throw error
    fail(error.message, 1)
    return null
  })
  if (node === null) return
  const env = { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].filter(Boolean).join(delimiter) }
  delete env.TOLLGATE_RUNNER
  if (typeof process.execve === 'function' && process.platform !== 'win32') process.execve(node, [node, path, ...argv], env)
  runChild(node, [path, ...argv], { ...env, TOLLGATE_RUNNER: 'ipc' })
}

function runChild(node, argv, env) {
  const child = spawn(node, argv, { env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`${node} could not be started: ${error.message}`, 1))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

function fail(message, code) {
  process.stderr.write(`${message}\n`)
  process.exitCode = code
}
