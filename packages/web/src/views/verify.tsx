// Verifies a customer's ledger in the browser: every transfer is hashed anew with the one before it, and the end of the chain is held
// against the signed checkpoints. Nothing is believed but the public key; whoever kept one earlier may compare it.

import { CHAIN_START, chainText, checkpointText, parseInstant } from '@tollgate/core'
import { useRef, useState } from 'react'
import { call, type Answer } from '../api/client.ts'
import type { Checkpoint, SigningKey, Transfer } from '../api/operations.ts'
import { Button } from '../parts/controls.tsx'
import { quantity } from '../parts/format.ts'
import { Badge, Card, Failure } from '../parts/surface.tsx'
import { useWords, type Words } from '../words/words.tsx'

const PAGE = 500
type Found = { readonly transfers: number; readonly signedTo: number; readonly checkpoints: number; readonly broken: string | null; readonly keys: readonly SigningKey[] }

export function VerifyCard({ customer }: { readonly customer: string }) {
  const [read, setRead] = useState<number | null>(null)
  const { events, verify: said } = useWords()
  const [found, setFound] = useState<Found | null>(null)
  const [error, setError] = useState<unknown>(null)
  const abort = useRef<AbortController | null>(null)
  const run = async () => {
    abort.current = new AbortController()
    setError(null)
    setFound(null)
    setRead(0)
    try {
      setFound(await verify(customer, { tell: setRead, said, signal: abort.current.signal }))
    } catch (problem) {
      if (!(problem instanceof Error && problem.name === 'AbortError')) setError(problem)
    } finally {
      setRead(null)
    }
  }
  return (
    <Card className="mt-6" title={said.title} note={said.note} actions={read === null ? <Button onClick={() => void run()}>{said.now}</Button> : <Button onClick={() => abort.current?.abort()}><span role="status">{said.checked(quantity(String(read)))}</span> · {events.stop}</Button>}>
      {error !== null && <Failure error={error} />}
      {found === null ? (
        <p className="text-muted">{said.idle} <code className="font-mono text-xs">tollgate verify</code> {said.idleCommand}</p>
      ) : found.broken !== null ? (
        <p role="status"><Badge tone="bad">{said.broken}</Badge> {found.broken}</p>
      ) : (
        <div role="status">
          <p><Badge tone="good">{said.good}</Badge> {said.found({ count: found.transfers, text: quantity(String(found.transfers)) })} {found.checkpoints === 0 ? said.unsigned : said.signed({ to: quantity(String(found.signedTo)), count: found.checkpoints })}</p>
          {found.keys.map(({ id, public_key: text }) => <p key={id} className="mt-1 text-xs text-faint">{said.key(id)} <code className="font-mono break-all">{text}</code></p>)}
        </div>
      )}
    </Card>
  )
}

type Verifying = { readonly tell: (read: number) => void; readonly said: Words['verify']; readonly signal: AbortSignal }

async function verify(customer: string, { tell, said, signal }: Verifying): Promise<Found> {
  if (!('subtle' in crypto)) throw new Error(said.noTls)
  const checkpoints: Checkpoint[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Answer<'listCheckpoints'> = await call('listCheckpoints', { params: { customer }, query: { limit: PAGE, ...(cursor === '' ? {} : { cursor }) }, signal })
    checkpoints.push(...page.data)
    cursor = page.next_cursor
  }
  const { data: keys } = await call('listSigningKeys', {})
  const wanted = new Map(checkpoints.map((checkpoint) => [checkpoint.position, checkpoint]))
  let [previous, position, signedTo] = [CHAIN_START, 0, 0]
  const broken = (text: string): Found => ({ transfers: position, signedTo, checkpoints: checkpoints.length, broken: text, keys })
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Answer<'listTransfers'> = await call('listTransfers', { params: { customer }, query: { limit: PAGE, ...(cursor === '' ? {} : { cursor }) }, signal })
    for (const transfer of page.data) {
      // What was posted before there was a chain has no place in it.
      if (transfer.position === null || transfer.hash === null) continue
      if (transfer.position !== position + 1) return broken(said.gap({ after: position, next: transfer.position }))
      previous = await sha256(textOf(customer, transfer, previous))
      if (previous !== transfer.hash) return broken(said.changed({ position: transfer.position, id: transfer.id }))
      position = transfer.position
      const checkpoint = wanted.get(position)
      if (checkpoint === undefined) continue
      if (checkpoint.hash !== previous || !(await isSigned(customer, checkpoint, keys))) return broken(said.unfit(position))
      signedTo = Math.max(signedTo, position)
    }
    tell(position)
    cursor = page.next_cursor
  }
  const beyond = checkpoints.find((checkpoint) => checkpoint.position > position)
  return beyond === undefined ? { transfers: position, signedTo, checkpoints: checkpoints.length, broken: null, keys } : broken(said.gone(beyond.position))
}

function textOf(customer: string, { id, debit, credit, amount, currency, cause, cause_id: causeId, period_start: period, posted_at: at, evidence, position }: Transfer, previous: string): string {
  return chainText(previous, { customer, position: position!, id, debit, credit, asset: currency, amount, cause, causeId, periodStart: period === null ? null : parseInstant(period, 'period_start'), postedAt: parseInstant(at, 'posted_at'), evidence })
}

async function isSigned(customer: string, { position, hash, at, key, signature }: Checkpoint, keys: readonly SigningKey[]): Promise<boolean> {
  const signer = keys.find(({ id }) => id === key)
  if (signer === undefined) return false
  const publicKey = await crypto.subtle.importKey('spki', bytesOf(signer.public_key), { name: 'Ed25519' }, false, ['verify'])
  return crypto.subtle.verify({ name: 'Ed25519' }, publicKey, bytesOf(signature), new TextEncoder().encode(checkpointText({ customer, position, hash, at: parseInstant(at, 'at') })))
}

/** Of base64, plain or for addresses. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
}

async function sha256(text: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
