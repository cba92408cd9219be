import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { acquireDataDirLock } from './data-dir-lock.ts'
import { identityOf } from './process-identity.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A process that tries to take the lock: says `held` or the error's code, and holds on until it is killed. */
async function contender(): Promise<{ readonly said: string; readonly kill: () => Promise<unknown> }> {
  const script = `
    import { acquireDataDirLock } from ${JSON.stringify(join(import.meta.dirname, 'data-dir-lock.ts'))}
    try { acquireDataDirLock(${JSON.stringify(folder)}); console.log('held') } catch (error) { console.log(error.code) }
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.on('exit', resolve))
  const said = await new Promise<string>((resolve) => child.stdout.on('data', (chunk: Buffer) => resolve(chunk.toString().trim())))
  return { said, kill: () => (child.kill('SIGKILL'), ended) }
}

test('a second process on the same data folder is refused while the first lives, with its pid and what to do', async () => {
  const first = await contender()
  expect(first.said).toBe('held')
  expect(() => acquireDataDirLock(folder)).toThrow(/Another Tollgate \(pid \d+\) is running on the data folder .*TOLLGATE_DATA_DIR/)
  await first.kill()
})

test('a lock left by kill -9 does not block', async () => {
  const first = await contender()
  await first.kill()
  acquireDataDirLock(folder).release()
})

test('a lock whose pid now belongs to another process does not block', () => {
  writeFileSync(join(folder, 'lock'), JSON.stringify({ ...identityOf(process.pid), start: '1' }))
  acquireDataDirLock(folder).release()
})

test('a lock that was cut short by a full disk does not block', () => {
  writeFileSync(join(folder, 'lock'), '{"pid"')
  acquireDataDirLock(folder).release()
})

test('after a release the folder is free and clean', () => {
  const lock = acquireDataDirLock(folder)
  expect(() => acquireDataDirLock(folder)).toThrow('Another Tollgate')
  lock.release()
  expect(existsSync(join(folder, 'lock'))).toBe(false)
})

test('of processes that race for a stale lock exactly one wins', async () => {
  const dead = await contender()
  await dead.kill()
  const contenders = await Promise.all([contender(), contender(), contender(), contender()])
  expect(contenders.map(({ said }) => said).toSorted()).toEqual(['data_dir_in_use', 'data_dir_in_use', 'data_dir_in_use', 'held'])
  await Promise.all(contenders.map(({ kill }) => kill()))
})
