// The README's session, pasted line by line into a shell beside a fresh start, gives what the README shows.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { startTollgate } from './tollgate.ts'

type Step = { readonly command: string; readonly output: string }

test('the session of the README prints what the README says', { timeout: 120_000 }, async () => {
  const tollgate = await startTollgate()
  try {
    const folder = mkdtempSync(join(tmpdir(), 'readme-'))
    symlinkSync(tollgate.dataDir, join(folder, '.tollgate'))
    const steps = consoleSteps(readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8'))
    expect(steps.length).toBeGreaterThan(8)
    expect(await runInShell(folder, steps.map(({ command }) => command))).toEqual(steps.map(({ output }) => output))
  } finally {
    await tollgate.stop()
  }
})

/** Commands after `$ ` in console blocks, each with the lines that follow it. */
function consoleSteps(markdown: string): Step[] {
  const steps: { command: string; output: string }[] = []
  for (const [, block = ''] of markdown.matchAll(/```console\n([\s\S]*?)```/g)) {
    for (const line of block.split('\n').slice(0, -1)) {
      if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: '' })
      else steps.at(-1)!.output += `${line}\n`
    }
  }
  return steps
}

const MARK = '=== end of step ==='

/** One shell for all, as a person's terminal; the output of each command by itself. */
function runInShell(folder: string, commands: readonly string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const shell = spawn('bash', [], { cwd: folder, env: { PATH: `${dirname(process.execPath)}:${process.env['PATH']}` }, stdio: ['pipe', 'pipe', 'inherit'] })
    let text = ''
    shell.stdout.on('data', (chunk: Buffer) => { text += String(chunk) })
    shell.on('error', reject)
    shell.on('close', () => resolve(text.split(`${MARK}\n`).slice(0, -1)))
    shell.stdin.end(commands.map((command) => `${command}\necho '${MARK}'\n`).join(''))
  })
}
