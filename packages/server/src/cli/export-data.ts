// `tollgate export events|charges|invoices|invoice-lines|focus`: records of a period as CSV in one file, or as Parquet in a folder of parts with a
// manifest. It asks for part after part, shows how many rows it has, and notes where it is: interrupted anywhere, the same command goes on there.

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { appendFile, mkdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { connect, type Client } from './client.ts'
import { CliError, isInteractive, say, type CliDeps } from './output.ts'
import { isNoFile } from './save-file.ts'

export type DataOptions = { readonly from: string; readonly to: string; readonly format: string; readonly out?: string; readonly customer?: string }

const ROWS_PER_PART = { csv: '10000', parquet: '50000' } as const

const savedState = z.object({ query: z.string(), next: z.string(), rows: z.int(), bytes: z.int(), parts: z.array(z.object({ file: z.string(), rows: z.int(), bytes: z.int(), sha256: z.string() })) })
type State = z.output<typeof savedState>

export async function exportData(dataset: string, options: DataOptions, deps: CliDeps): Promise<number> {
  const { from, to, format, out, customer } = options
  if (format !== 'csv' && format !== 'parquet') throw new CliError(`--format must be csv or parquet, not ${JSON.stringify(format)}.`)
  if (out === undefined && format === 'parquet') throw new CliError('Parquet is written into a folder of parts.', 'Name it: --out FOLDER')
  const query = String(new URLSearchParams({ from, to, format, rows: ROWS_PER_PART[format], ...(customer === undefined ? {} : { customer }) }))
  const target = out === undefined ? into((bytes) => new Promise<void>((resolve) => void deps.stdout.write(bytes, () => resolve()))) : format === 'csv' ? (isNoFile(out) ? into((bytes) => appendFile(out, bytes)) : toFile(out)) : toFolder(out, { dataset, from, to })
  let state = await resumed(target, `${dataset}?${query}`, deps)
  for (;;) {
    const part = await download(connect(deps), dataset, query, state.next)
    state = await target.add(state, part)
    if (isInteractive(deps)) deps.stderr.write(`\r\u001b[K${state.rows} rows`)
    if (part.next === null) break
  }
  await target.finish(state)
  if (out !== undefined) say(deps, `${isInteractive(deps) ? '\r\u001b[K' : ''}${out}: ${state.rows} rows of ${dataset}${format === 'parquet' ? ` in ${state.parts.length} files` : ''}`)
  return 0
}

type Downloaded = { readonly bytes: Buffer; readonly rows: number; readonly next: string | null }

async function download(client: Client, dataset: string, query: string, after: string): Promise<Downloaded> {
  const response = await client.download(`/v1/exports/data/${dataset}?${query}${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`)
  return { bytes: Buffer.from(await response.arrayBuffer()), rows: Number(response.headers.get('tollgate-rows') ?? 0), next: response.headers.get('tollgate-next') }
}

/** Where parts go. `add` has them on disk with the state after them before it returns. */
type Target = { readonly statePath: string | null; readonly add: (state: State, part: Downloaded) => Promise<State>; readonly finish: (state: State) => Promise<void>; readonly reset: (state: State) => Promise<void> }

async function resumed(target: Target, query: string, deps: CliDeps): Promise<State> {
  const fresh: State = { query, next: '', rows: 0, bytes: 0, parts: [] }
  const known = target.statePath === null || !existsSync(target.statePath) ? null : savedState.safeParse(JSON.parse(await readFile(target.statePath, 'utf8')))
  if (known?.success === true && known.data.query === query) {
    say(deps, `Going on after ${known.data.rows} rows.`)
    await target.reset(known.data)
    return known.data
  }
  if (known !== null) say(deps, 'What was begun here is another export: beginning anew.')
  await target.reset(fresh)
  return fresh
}

/** A stream, a device or a pipe: what went in is gone, so it does not go on where it was. */
function into(write: (bytes: Buffer) => Promise<void>): Target {
  return { statePath: null, reset: async () => undefined, finish: async () => undefined, add: async (state, part) => {
    await write(part.bytes)
    return { ...state, rows: state.rows + part.rows, next: part.next ?? '' }
  } }
}

/** Beside its place, and moved there at the end. A part that was written half is cut off when it goes on. */
function toFile(out: string): Target {
  const [path, statePath] = [`${out}.part`, `${out}.part.json`]
  return {
    statePath,
    reset: async ({ bytes }) => {
      if (!existsSync(path)) await writeFile(path, '', { mode: 0o600 })
      await truncate(path, bytes)
    },
    add: async (state, part) => {
      await appendFile(path, part.bytes)
      return save(statePath, { ...state, rows: state.rows + part.rows, bytes: state.bytes + part.bytes.length, next: part.next ?? '' })
    },
    finish: async () => {
      await rename(path, out)
      await rm(statePath)
    },
  }
}

function toFolder(out: string, of: { readonly dataset: string; readonly from: string; readonly to: string }): Target {
  const statePath = join(out, 'progress.json')
  return {
    statePath,
    reset: async () => void (await mkdir(out, { recursive: true })),
    add: async (state, part) => {
      if (part.rows === 0) return { ...state, next: part.next ?? '' }
      const file = `part-${String(state.parts.length + 1).padStart(5, '0')}.parquet`
      await writeFile(join(out, file), part.bytes, { mode: 0o600 })
      const sha256 = createHash('sha256').update(part.bytes).digest('hex')
      return save(statePath, { ...state, rows: state.rows + part.rows, bytes: state.bytes + part.bytes.length, next: part.next ?? '', parts: [...state.parts, { file, rows: part.rows, bytes: part.bytes.length, sha256 }] })
    },
    finish: async ({ rows, parts }) => {
      await writeFile(join(out, 'manifest.json'), `${JSON.stringify({ ...of, rows, files: parts }, null, 2)}\n`)
      await rm(statePath, { force: true })
    },
  }
}

async function save(path: string, state: State): Promise<State> {
  await writeFile(`${path}.new`, JSON.stringify(state), { mode: 0o600 })
  await rename(`${path}.new`, path)
  return state
}
