// What every client command shares: data to standard output, everything else to standard error, colours only where a person
// reads (NO_COLOR, FORCE_COLOR and TERM are honoured), errors that say what to do, and exit codes instead of process.exit, so
// that a command can run inside a test.

import { createInterface } from 'node:readline'
import { styleText } from 'node:util'

/** The world of a command: `process` offers all of it. */
export type CliDeps = {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly setExitCode: (code: number) => void
}

/** The deps of the running process. */
export function processDeps(): CliDeps {
  const { stdin, stdout, stderr, env } = process
  return { stdin, stdout, stderr, env, setExitCode: (code) => void (process.exitCode = code) }
}

/** A failure to tell the user: what happened, and the next thing to try. Exit code 1. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly hint: string | null

  constructor(message: string, hint: string | null = null) {
    super(message)
    this.hint = hint
  }
}

/** Runs the body of a command: its number becomes the exit code, a CliError a message and exit code 1. */
export async function runCommand(deps: CliDeps, body: () => Promise<number>): Promise<void> {
  try {
    deps.setExitCode(await body())
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    say(deps, `${paint(deps.stderr, 'red', 'error:')} ${error.message}`)
    if (error.hint !== null) say(deps, error.hint)
    deps.setExitCode(1)
  }
}

/** A line of data. */
export function print(deps: CliDeps, text: string): void {
  deps.stdout.write(`${text}\n`)
}

export function printJson(deps: CliDeps, value: unknown): void {
  print(deps, JSON.stringify(value, null, 2))
}

/** A member of an answer as it is printed; empty where there is none. */
export function textOf(row: Readonly<Record<string, unknown>>, name: string): string {
  const value = row[name]
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** A line for the person, not for a pipe. */
export function say(deps: CliDeps, text: string): void {
  deps.stderr.write(`${text}\n`)
}

export function paint(stream: NodeJS.WritableStream, style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream })
}

/** Whether a person sits in front of it who can be asked. */
export function isInteractive(deps: CliDeps): boolean {
  return deps.stdin.isTTY === true && deps.stderr.isTTY === true
}

/** Asks for a yes; anything else, the end of the input and Ctrl-C included, is no. */
export function confirm(deps: CliDeps, question: string): Promise<boolean> {
  const reader = createInterface({ input: deps.stdin, output: deps.stderr })
  return new Promise((resolve) => {
    reader.once('close', () => resolve(false))
    reader.once('SIGINT', () => reader.close())
    reader.question(`${question} [y/N] `, (answer) => {
      resolve(/^y(es)?$/i.test(answer.trim()))
      reader.close()
    })
  })
}
