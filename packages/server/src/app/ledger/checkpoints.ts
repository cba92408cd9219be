// Signed checkpoints: once a day the end of every chain that moved is signed with Ed25519. What a checkpoint covers cannot be
// rewritten afterwards by anybody who lacks the signing key, and a tenant can keep it. The key is made once and sealed at rest.

import { checkpointText, DAY_MS, instant, makeId, type Instant } from '@tollgate/core'
import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { open, seal } from '../../platform/secrets.ts'
import { headsWithoutCheckpoint, insertCheckpoints, insertFirstSigningKey, lastSigned, listCheckpoints, listSigningKeys, type CheckpointRow } from '../../store/checkpoints.ts'
import type { ControlPlane } from '../control-plane.ts'
import { getCustomer } from '../customers.ts'
import { pageOf, type Page } from '../listings.ts'

/** Heads signed in one statement: a hundred thousand customers take a hundred of them. */
const HEADS_PER_STATEMENT = 1_000

type Signer = { readonly id: string; readonly key: KeyObject }

/** The job: once a day, however often the process starts. */
export async function checkpointDaily(plane: ControlPlane): Promise<number> {
  const last = await lastSigned(plane.sql)
  return last !== null && plane.clock.now() - last < DAY_MS ? 0 : checkpointLedgers(plane)
}

/** Signs the head of every chain that moved since its last checkpoint. Returns how many. */
export async function checkpointLedgers(plane: ControlPlane): Promise<number> {
  const signer = await signerOf(plane)
  let signed = 0
  for (let after = '', more = true; more; ) {
    const heads = await headsWithoutCheckpoint(plane.sql, after, HEADS_PER_STATEMENT)
    const at = instant(plane.clock.now())
    await insertCheckpoints(plane.sql, heads.map((head) => ({ ...head, at, key: signer.id, signature: signatureOf(signer, { ...head, at }) })))
    signed += heads.length
    more = heads.length === HEADS_PER_STATEMENT
    after = heads.at(-1)?.customer ?? after
  }
  return signed
}

function signatureOf(signer: Signer, head: { readonly customer: string; readonly position: bigint; readonly hash: string; readonly at: Instant }): string {
  return sign(null, Buffer.from(checkpointText({ ...head, position: Number(head.position) })), signer.key).toString('base64url')
}

async function signerOf(plane: ControlPlane): Promise<Signer> {
  const [known] = await listSigningKeys(plane.sql)
  if (known !== undefined) return { id: known.id, key: createPrivateKey({ key: Buffer.from(open(plane.masterKey, known.secretSealed, known.id), 'base64'), format: 'der', type: 'pkcs8' }) }
  const id = makeId('signingKey', plane.randomText())
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  await insertFirstSigningKey(plane.sql, {
    id,
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    secretSealed: seal(plane.masterKey, privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'), id),
  })
  return signerOf(plane)
}

export type PublicKey = { readonly id: string; readonly algorithm: 'Ed25519'; /** SPKI, DER, base64. */ readonly publicKey: string; readonly createdAt: Instant }

/** The keys that verify checkpoints, newest first. */
export async function publicKeys(plane: ControlPlane): Promise<PublicKey[]> {
  return (await listSigningKeys(plane.sql)).map(({ id, publicKey, createdAt }) => ({ id, algorithm: 'Ed25519', publicKey, createdAt }))
}

export async function checkpointsPage(plane: ControlPlane, customer: string, input: { readonly after: bigint | null; readonly limit: number }): Promise<Page<CheckpointRow>> {
  await getCustomer(plane, customer)
  return pageOf(await listCheckpoints(plane.sql, { customer, ...input, limit: input.limit + 1 }), input.limit, ({ position }) => String(position))
}
