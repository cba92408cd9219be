// An old backup of the database is put back, while the journal of the node is of today. What the backup lacks is shipped again from the journal
// where it is still there, nothing of it is charged twice, and no lease of the lost time stands in the way.

import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dataFolder, startTollgate, type Sums, type Tollgate } from './tollgate.ts'

async function ask(tollgate: Tollgate, count: number, label: string): Promise<number> {
  const answers = await Promise.all(Array.from({ length: count }, async (_, index) => {
    const answer = await fetch(`${tollgate.demo.gateway_url}/v1/chat/completions`, {
      method: 'POST', headers: { authorization: `Bearer ${tollgate.demo.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: tollgate.demo.model, max_tokens: 10, messages: [{ role: 'user', content: `${label} ${index}` }] }),
    })
    await answer.text()
    return answer.status
  }))
  return answers.filter((status) => status === 200).length
}

/** With owners: under root PostgreSQL runs as another user. */
const copy = (from: string, to: string) => execFileSync('cp', ['-a', from, to])
const customerOf = (tollgate: Tollgate) => `/v1/customers/${tollgate.demo.customer}`
const sumsOf = (tollgate: Tollgate) => tollgate.get<Sums>(`${customerOf(tollgate)}/checks/sums`)

test('an old backup is put back under nodes that went on: they register anew, ship what they still have, and spend what the backup says', { timeout: 180_000 }, async () => {
  const dataDir = dataFolder()
  const [data, backup] = [join(dataDir, 'postgres'), join(dataDir, '..', 'backup')]
  let tollgate = await startTollgate(dataDir)
  expect((await tollgate.post(`${customerOf(tollgate)}/credits`, { amount: '5' })).status).toBe(201)
  expect(await ask(tollgate, 20, 'before the backup')).toBe(20)
  await expect.poll(async () => (await sumsOf(tollgate)).events, { timeout: 10_000 }).toBe(20)
  const atBackup = await sumsOf(tollgate)
  await tollgate.stop()
  copy(data, backup)

  // Two more lives of the node, which the backup knows nothing of; the last one ends with leases in its hands.
  for (const life of [1, 2]) {
    tollgate = await startTollgate(dataDir)
    expect(await ask(tollgate, 15, `life ${life} after the backup`)).toBe(15)
    await expect.poll(async () => (await sumsOf(tollgate)).events, { timeout: 10_000 }).toBe(20 + life * 15)
    if (life === 1) await tollgate.stop()
    else await tollgate.kill()
  }
  // PostgreSQL outlives the kill; a start takes it over, and a stop ends it.
  tollgate = await startTollgate(dataDir)
  await tollgate.stop()
  rmSync(data, { recursive: true })
  copy(backup, data)

  tollgate = await startTollgate(dataDir)
  try {
    const restored = await sumsOf(tollgate)
    // What the journal still had of the lost time is charged again, at most once; the rest is gone with the database.
    expect(restored.events).toBeGreaterThanOrEqual(atBackup.events)
    expect(restored.events).toBeLessThanOrEqual(50)
    expect(restored.differences).toEqual([])
    expect(await ask(tollgate, 15, 'after the restore')).toBe(15)
    await expect.poll(async () => (await sumsOf(tollgate)).events, { timeout: 10_000 }).toBe(restored.events + 15)
    expect((await sumsOf(tollgate)).differences).toEqual([])
    const { debt } = await tollgate.get<{ debt: string }>(`${customerOf(tollgate)}/balance`)
    expect(debt).toBe('0')
  } finally {
    await tollgate.stop()
  }
})
