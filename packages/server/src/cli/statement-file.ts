// A statement: a customer's ledger as a file that can be checked without us. One JSON object a line: a head, the keys, then
// transfers, checkpoints and events in order. This file says what the lines are and checks them; it reads no server.

import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { CHAIN_START, chainText, checkpointText, evidenceLine, formatInstant, parseInstant, type ChainedTransfer } from '@tollgate/core'
import * as z from 'zod'

const text = z.string()
/** A time in the one form that we write, so that no two texts mean one hash. */
const instantText = z.string().refine((value) => isCanonicalTime(value), 'must be a time as we write it')
const head = z.strictObject({ kind: z.literal('statement'), version: z.literal(1), customer: text, exported_at: text, events: z.boolean() })
const key = z.strictObject({ kind: z.literal('key'), id: text, algorithm: z.literal('Ed25519'), public_key: text, created_at: text })
const transfer = z.strictObject({
  kind: z.literal('transfer'), id: text, debit: text, credit: text, amount: text, currency: text, cause: text, cause_id: text, period_start: instantText.nullable(), posted_at: instantText,
  position: z.int().nullable(), evidence: text.nullable(), hash: text.nullable(),
})
const checkpoint = z.strictObject({ kind: z.literal('checkpoint'), position: z.int(), hash: text, at: instantText, key: text, signature: text })
const event = z.strictObject({ kind: z.literal('event'), source: text, id: text, type: text, time: instantText, amount: text, currency: text, batch: text, period_start: instantText })

export const statementLine = z.discriminatedUnion('kind', [head, key, transfer, checkpoint, event])
export type StatementLine = z.output<typeof statementLine>
type Line<Kind extends StatementLine['kind']> = Extract<StatementLine, { kind: Kind }>

/** What a check found. `problems` is empty for a statement that is what was posted and signed. */
export type Verification = {
  readonly customer: string
  readonly transfers: number
  /** Transfers from before there was a chain: nothing can be said of them. */
  readonly unchained: number
  readonly checkpoints: number
  readonly events: number
  /** Last position that a valid signature covers; 0 for none. */
  readonly signedUpTo: number
  readonly problems: readonly string[]
}

/** How many problems are listed: whoever forged a thousand lines reads the first ones first. */
const PROBLEMS_MAX = 50

/** Checks a statement line by line, in constant memory but for hashes. `trusted` are keys that the reader kept; the file's own are believed only without. */
export function statementChecker(trusted: ReadonlyMap<string, KeyObject> | null): { readonly take: (line: StatementLine) => void; readonly end: () => Verification } {
  const problems: string[] = []
  const tell = (problem: string) => void (problems.length < PROBLEMS_MAX && problems.push(problem))
  const keys = new Map(trusted ?? [])
  const hashes = new Map<number, string>()
  const evidence = new Map<string, string>()
  const eventHashes = new Map<string, ReturnType<typeof createHash>>()
  const counts = { transfers: 0, unchained: 0, checkpoints: 0, events: 0 }
  let customer = ''
  let withEvents = false
  let position = 0
  let previous = CHAIN_START
  let signedUpTo = 0

  const takeTransfer = (line: Line<'transfer'>) => {
    counts.transfers += 1
    if (line.position === null || line.hash === null) {
      counts.unchained += 1
      if (position > 0) tell(`transfer ${line.id} stands within the chain and is not part of it`)
      return
    }
    if (line.position !== position + 1) tell(`transfer ${line.id} is number ${line.position} where ${position + 1} is due: something was left out, doubled or moved`)
    const computed = sha256(chainText(previous, chained(customer, line)))
    if (computed !== line.hash) tell(`transfer ${line.id} (number ${line.position}) is not what was posted: its hash does not fit`)
    position = line.position
    previous = computed
    hashes.set(position, computed)
    if (line.evidence !== null) evidence.set(`${line.cause_id} ${line.period_start}`, line.evidence)
  }
  const takeKey = (line: Line<'key'>) => {
    try {
      keys.set(line.id, publicKeyOf(line.public_key))
    } catch {
      tell(`the key ${line.id} is no Ed25519 key`)
    }
  }
  const takeCheckpoint = (line: Line<'checkpoint'>) => {
    counts.checkpoints += 1
    const signer = keys.get(line.key)
    if (signer === undefined) return tell(`the checkpoint at ${line.position} is signed by ${line.key}, which is not among the ${trusted === null ? 'keys of the file' : 'keys that you trust'}`)
    const signed = Buffer.from(checkpointText({ customer, position: line.position, hash: line.hash, at: parseInstant(line.at, 'at') }))
    const signature = Buffer.from(line.signature, 'base64url')
    // The last letter has bits that decode to nothing: only the form that we write is a signature.
    if (signature.toString('base64url') !== line.signature || !verify(null, signed, signer, signature)) return tell(`the signature of the checkpoint at ${line.position} does not fit`)
    if (hashes.get(line.position) !== line.hash) return tell(`the checkpoint at ${line.position} signs another chain than the transfers above it`)
    signedUpTo = Math.max(signedUpTo, line.position)
  }
  return {
    take: (line) => {
      switch (line.kind) {
        case 'statement':
          customer = line.customer
          withEvents = line.events
          return
        case 'key':
          if (trusted === null) takeKey(line)
          return
        case 'transfer':
          return takeTransfer(line)
        case 'checkpoint':
          return takeCheckpoint(line)
        case 'event': {
          counts.events += 1
          const posting = `${line.batch} ${line.period_start}`
          const hash = eventHashes.get(posting) ?? createHash('sha256')
          eventHashes.set(posting, hash.update(evidenceLine({ ...line, time: parseInstant(line.time, 'time'), asset: line.currency })))
        }
      }
    },
    end: () => {
      if (withEvents) for (const [posting, expected] of evidence) {
        if (eventHashes.get(posting)?.digest('hex') !== expected) tell(`the events of ${posting.split(' ')[0]} are not those that were charged`)
      }
      return { customer, ...counts, signedUpTo, problems }
    },
  }
}

export function publicKeyOf(base64: string): KeyObject {
  return createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' })
}

function chained(customer: string, line: Line<'transfer'>): ChainedTransfer {
  return {
    customer, position: line.position ?? 0, id: line.id, debit: line.debit, credit: line.credit, asset: line.currency, amount: line.amount, cause: line.cause, causeId: line.cause_id,
    periodStart: line.period_start === null ? null : parseInstant(line.period_start, 'period_start'), postedAt: parseInstant(line.posted_at, 'posted_at'), evidence: line.evidence,
  }
}

function isCanonicalTime(value: string): boolean {
  try {
    return formatInstant(parseInstant(value, 'time')) === value
  } catch {
    return false
  }
}

function sha256(of: string): string {
  return createHash('sha256').update(of).digest('hex')
}
