// Runs the steps of a check side by side, prints one line a step with its time, shows the output only of what failed, and adds up
// the counts. A step that could not run on this machine is skipped with a reason; with CI=true that is a failure, because a
// pipeline that tests less than it says is worse than a red one.

import { spawn } from 'node:child_process'
import { constants, tmpdir } from 'node:os'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number }
export type StepResult = Counts & { readonly output: string; /** What the line says beside the time. */ readonly note: string }
export type Step = { readonly name: string; readonly run: () => Promise<StepResult> }

export const ROOT = join(import.meta.dirname, '..')
/** A step that hangs must not hang the pipeline: the slowest takes six minutes on two cores, and three times that where others use them too. */
const STEP_TIMEOUT_MS = 45 * 60_000
const OUTPUT_BYTES_MAX = 1_000_000

/** Runs all steps at the same time; `lanes` bounds how many. */
export async function runSteps(steps: readonly Step[], options: { readonly lanes: number }): Promise<Counts> {
  const waiting = [...steps]
  const failures: string[] = []
  let total: Counts = { passed: 0, failed: 0, skipped: 0 }
  const lane = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const startedAt = performance.now()
      const result = withSkipsAsFailures(await step.run().catch(crashed))
      total = add(total, result)
      const mark = result.failed > 0 ? 'failed ' : result.passed === 0 && result.skipped > 0 ? 'skipped' : 'passed '
      process.stdout.write(`${mark} ${step.name.padEnd(14)} ${seconds(performance.now() - startedAt).padStart(7)}  ${result.note}\n`)
      if (result.failed > 0) failures.push(`\n── ${step.name} ${'─'.repeat(Math.max(0, 90 - step.name.length))}\n${result.output.trim()}\n`)
    }
  }
  await Promise.all(Array.from({ length: options.lanes }, lane))
  for (const failure of failures) process.stdout.write(failure)
  return total
}

/** `N passed, N failed`, alone on its line and last: pipelines read it. */
export function printTotal(total: Counts): void {
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}\n`)
}

/** A command that passes or fails as a whole. */
export function command(name: string, file: string, args: readonly string[]): Step {
  return {
    name,
    run: async () => {
      const { code, output } = await run(file, args)
      return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, output, note: '' }
    },
  }
}

/** A binary of node_modules, run by the project's own Node where it is JavaScript. */
export function tool(name: string, path: string, args: readonly string[]): Step {
  return command(name, process.execPath, [join(ROOT, 'node_modules', path), ...args])
}

/** What is found without running anything: types, lint, unused files, exports and dependencies. */
export const STATIC_STEPS: readonly Step[] = [
  tool('types', 'typescript/bin/tsc', ['--pretty', 'false']),
  tool('types of pages', 'typescript/bin/tsc', ['--pretty', 'false', '-p', 'packages/web']),
  tool('lint', 'oxlint/bin/oxlint', ['--type-aware', '--deny-warnings', '--report-unused-disable-directives']),
  tool('unused', 'knip/bin/knip.js', ['--no-progress', '--no-config-hints']),
]

/** Test files by vitest, counted test by test; a file that could not be loaded counts as one failure. */
export function vitest(name: string, filters: readonly string[]): Step {
  return {
    name,
    run: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'vitest-report-'))
      const report = join(folder, 'report.json')
      try {
        const entry = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
        const { code, output } = await run(process.execPath, [entry, 'run', '--reporter=minimal', '--reporter=json', `--outputFile.json=${report}`, ...filters])
        return countReport(readFileSync(report, 'utf8'), { code, output })
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}

export function skipped(name: string, reason: string): Step {
  return { name, run: async () => ({ passed: 0, failed: 0, skipped: 1, output: reason, note: reason }) }
}

type VitestReport = {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[]
}

function countReport(text: string, ended: { readonly code: number; readonly output: string }): StepResult {
  const report = JSON.parse(text) as VitestReport
  const unloaded = report.testResults.filter(({ status, assertionResults }) => status === 'failed' && !assertionResults.some((one) => one.status === 'failed')).length
  const failed = report.numFailedTests + unloaded
  const note = `${report.numPassedTests} tests in ${report.testResults.length} files`
  // An error outside of any test fails the run although every test passed.
  return { passed: report.numPassedTests, failed: failed === 0 && ended.code !== 0 ? 1 : failed, skipped: report.numPendingTests + report.numTodoTests, output: ended.output, note }
}

type Ended = { readonly code: number; readonly output: string }

/** Runs a command without input and keeps the end of what it prints; `env` is added to this process's. */
export function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...(process.stdout.isTTY ? {} : { NO_COLOR: '1', FORCE_COLOR: '0' }), ...env } })
    let output = ''
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-OUTPUT_BYTES_MAX)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const timer = setTimeout(() => {
      output += `\nstopped after ${STEP_TIMEOUT_MS / 60_000} minutes`
      child.kill('SIGKILL')
    }, STEP_TIMEOUT_MS)
    const end = (code: number) => {
      clearTimeout(timer)
      resolve({ code, output })
    }
    child.on('error', (error) => {
      output += error.message
      end(1)
    })
    child.on('close', (code, signal) => end(code ?? 128 + constants.signals[signal!]))
  })
}

function withSkipsAsFailures(result: StepResult): StepResult {
  const isWhole = result.passed === 0 && result.failed === 0 && result.skipped > 0
  if (!isWhole || process.env['CI'] !== 'true') return result
  return { ...result, failed: result.skipped, skipped: 0, output: `${result.output}\nWith CI=true nothing may be skipped.` }
}

function crashed(error: unknown): StepResult {
  return { passed: 0, failed: 1, skipped: 0, output: error instanceof Error ? (error.stack ?? error.message) : String(error), note: '' }
}

function add(sum: Counts, next: Counts): Counts {
  return { passed: sum.passed + next.passed, failed: sum.failed + next.failed, skipped: sum.skipped + next.skipped }
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
