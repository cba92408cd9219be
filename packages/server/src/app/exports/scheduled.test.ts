// The scheduled export into a folder and into a bucket: what is written is whole, says what the records say, follows late events, and goes on where
// it failed.

import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DAY_MS } from '@tollgate/core'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { followed } from '../../../../../test/followed.ts'
import { openObjectStore, type ObjectStore } from '../../platform/object-store.ts'
import { addUpUsage, closeDays, dayText } from '../books/days.ts'
import { exportClosedDays } from './scheduled.ts'

const [KEY_ID, SECRET] = ['AKIDEXAMPLE', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY']
const yesterday = dayText(Date.now() - DAY_MS)
const [before, earlier] = [dayText(Date.now() - 3 * DAY_MS), dayText(Date.now() - 6 * DAY_MS)]
const folder = mkdtempSync(join(tmpdir(), 'scheduled-'))
let api: TestApi
let bucket: Server
let endpoint = ''
const objects = new Map<string, Buffer>()
let isDown = false

beforeAll(async () => {
  api = await testApi()
  await api.call('POST /v1/customers', { body: { id: 'cus_x', name: 'X', plan: 'hybrid', starts_at: new Date(Date.now() - 20 * DAY_MS).toISOString() } })
  await use('a', 3)
  await use('b', 6)
  await followed(api.world.plane.sql)
  await addUpUsage(api.world.plane)
  await backdate(2)
  await closeDays(api.world.plane)
  bucket = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => void pieces.push(piece)).on('end', () => {
      const body = Buffer.concat(pieces)
      const refused = isDown ? 503 : signatureOf(request, body) === request.headers.authorization ? null : 403
      if (refused === null) objects.set(decodeURIComponent(request.url!), body)
      response.writeHead(refused ?? 200).end(refused === null ? '' : '<Error/>')
    })
  })
  await new Promise<void>((resolve) => bucket.listen(0, '127.0.0.1', resolve))
  endpoint = `http://127.0.0.1:${(bucket.address() as AddressInfo).port}`
})
afterAll(async () => {
  bucket.close()
  await api.close()
})

async function use(id: string, daysAgo: number): Promise<void> {
  const { body } = await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 's', id, subject: 'cus_x', type: 'ai.request', time: new Date(Date.now() - daysAgo * DAY_MS).toISOString(), data: { feature: 'chat', model: 'm', input_tokens: 700_000, cost: { amount: '0.02', currency: 'USD' } } }] })
  if (body.accepted !== 1) throw new Error(JSON.stringify(body))
}
async function backdate(days: number): Promise<void> {
  const { sql } = api.world.plane
  await sql`alter table ledger_transfer disable trigger ledger_transfer_append_only`
  await sql`update ledger_transfer set posted_at = posted_at - make_interval(days => ${days})`
  await sql`update settlement_batch set settled_at = settled_at - make_interval(days => ${days})`
  await sql`update usage_day set posted_on = posted_on - ${days}::integer`
}
/** AWS Signature Version 4, worked out from its description. */
function signatureOf({ method, url, headers }: IncomingMessage, body: Buffer): string {
  const signed = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1] ?? ''
  const at = String(headers['x-amz-date'])
  const scope = `${at.slice(0, 8)}/eu-central-1/s3/aws4_request`
  const hash = (text: string | Buffer) => createHash('sha256').update(text).digest('hex')
  const claimed = String(headers['x-amz-content-sha256'])
  if (claimed !== 'UNSIGNED-PAYLOAD' && claimed !== hash(body)) return 'another body'
  const request = [method, url, '', ...signed.split(';').map((name) => `${name}:${String(headers[name]).trim()}`), '', signed, claimed].join('\n')
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const key = ['eu-central-1', 's3', 'aws4_request'].reduce<Buffer>((last, text) => hmac(last, text), hmac(`AWS4${SECRET}`, at.slice(0, 8)))
  const signature = hmac(key, ['AWS4-HMAC-SHA256', at, scope, hash(request)].join('\n')).toString('hex')
  return `AWS4-HMAC-SHA256 Credential=${KEY_ID}/${scope}, SignedHeaders=${signed}, Signature=${signature}`
}
const into = (exportStore: ObjectStore | null) => exportClosedDays({ ...api.world.plane, exportStore })
const manifestIn = (path: string): Json => JSON.parse(readFileSync(join(folder, path, 'manifest.json'), 'utf8'))

test('nothing is written where no place is set', async () => {
  expect(await into(null)).toEqual([])
})

test('a closed day is written with every day of use that it settled, each with a manifest that is true', async () => {
  const days = await into(openObjectStore(folder, { keyId: null, secret: null }))
  expect(days).toEqual([dayText(Date.now() - 2 * DAY_MS), yesterday])
  expect(readdirSync(folder).sort()).toEqual(['charges', 'events', 'focus', 'invoice-lines', 'invoices'])
  for (const [day, id] of [[before, 'a'], [earlier, 'b']] as const) {
    const manifest = manifestIn(`events/day=${day}`)
    const bytes = readFileSync(join(folder, 'events', `day=${day}`, manifest.files[0].file))
    expect([manifest.rows, manifest.files[0].bytes, manifest.files[0].sha256]).toEqual([1, bytes.length, createHash('sha256').update(bytes).digest('hex')])
    const rows = (await parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer })) as Json[]
    expect(rows.map((row) => row.id)).toEqual([id])
  }
  expect(manifestIn(`invoices/day=${yesterday}`)).toMatchObject({ rows: 0, files: [] })
  expect(await into(openObjectStore(folder, { keyId: null, secret: null }))).toEqual([])
})

test('a bucket that is away leaves the day for the next turn, a late event writes its day again, and signatures fit', async () => {
  const { sql } = api.world.plane
  await sql`delete from export_day`
  const store = openObjectStore(`s3://data/tollgate/?region=eu-central-1&endpoint=${endpoint}`, { keyId: KEY_ID, secret: SECRET })
  isDown = true
  await expect(into(store)).rejects.toThrow('answered 503')
  expect(await sql`select day from export_day`).toHaveLength(0)
  isDown = false
  expect(await into(store)).toHaveLength(2)
  const manifest = (day: string): Json => JSON.parse(objects.get(`/data/tollgate/events/day=${day}/manifest.json`)!.toString())
  expect(manifest(earlier).rows).toBe(1)
  // Late by six days, settled on a day that is closed a day later.
  await use('late', 6)
  await followed(api.world.plane.sql)
  await addUpUsage(api.world.plane)
  await backdate(1)
  await sql`delete from export_day`
  for (const table of ['book_day', 'book_day_sum']) await sql.unsafe(`alter table ${table} disable trigger user`)
  await sql`delete from book_day_sum`
  await sql`delete from book_day`
  await closeDays(api.world.plane)
  await into(store)
  expect([manifest(earlier).rows, manifest(earlier).files]).toEqual([2, [expect.objectContaining({ rows: 2 })]])
})

test('a wrong secret is refused by the bucket, and says so', async () => {
  await api.world.plane.sql`delete from export_day`
  await expect(into(openObjectStore(`s3://data/x?region=eu-central-1&endpoint=${endpoint}`, { keyId: KEY_ID, secret: 'wrong' }))).rejects.toThrow('answered 403')
})

test.each([['s3://?endpoint=https://x', 'k'], ['s3://bucket?endpoint=ftp://x', 'k'], ['s3://bucket', null]])('%s stops the start with what is wrong', (location, key) => {
  expect(() => openObjectStore(location, { keyId: key, secret: key })).toThrow('TOLLGATE_EXPORT_TO')
})
