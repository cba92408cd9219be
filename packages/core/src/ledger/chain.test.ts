// A chain of transfers: whatever is changed, left out, doubled or reordered is found at its place.

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instant } from '../time.ts'
import { CHAIN_START, chainText, followChain, type ChainedTransfer, type ChainLink } from './chain.ts'

const hash = (text: string) => createHash('sha256').update(text).digest('hex')
const start = { position: 0, hash: CHAIN_START }

const transfers = fc.array(
  fc.record({
    debit: fc.constantFrom('accrued_usage', 'wallet:blk_1'), credit: fc.constant('usage_revenue'), amount: fc.bigInt({ min: 1n, max: 10n ** 20n }).map(String),
    causeId: fc.string(), evidence: fc.option(fc.string({ maxLength: 8 })), at: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  }),
  { minLength: 1, maxLength: 12 },
)

function chain(rows: readonly { readonly debit: string; readonly credit: string; readonly amount: string; readonly causeId: string; readonly evidence: string | null; readonly at: number }[]): ChainLink[] {
  let previous = CHAIN_START
  return rows.map(({ at, ...row }, index) => {
    const transfer: ChainedTransfer = { ...row, customer: 'cus_a', position: index + 1, id: `trf_${index}`, asset: 'USD', cause: 'usage', periodStart: null, postedAt: instant(at) }
    previous = hash(chainText(previous, transfer))
    return { ...transfer, hash: previous }
  })
}

test('a chain that nobody touched is whole, and ends in its last hash', () => {
  fc.assert(fc.property(transfers, (rows) => {
    const links = chain(rows)
    expect(followChain(links, start, hash)).toEqual({ position: links.length, hash: links.at(-1)!.hash, broken: null })
  }))
})

test('one changed member of any transfer is found at that transfer', () => {
  const members = fc.constantFrom('customer', 'id', 'debit', 'credit', 'asset', 'amount', 'cause', 'causeId', 'evidence', 'hash')
  fc.assert(fc.property(transfers, members, fc.nat(), (rows, member, pick) => {
    const links = chain(rows)
    const at = pick % links.length
    const forged = links.map((link, index) => (index === at ? { ...link, [member]: `${String(link[member as 'id'])}0` } : link))
    expect(followChain(forged, start, hash).broken).toEqual({ position: at + 1, reason: 'changed' })
  }))
})

test('a transfer that is left out, doubled or swapped is found', () => {
  fc.assert(fc.property(transfers, fc.nat(), (rows, pick) => {
    const links = chain(rows)
    const at = pick % links.length
    expect(followChain([...links.slice(0, at), ...links.slice(at + 1)], start, hash)).toEqual(
      at === links.length - 1 ? expect.objectContaining({ position: links.length - 1, broken: null }) : expect.objectContaining({ broken: { position: at + 1, reason: 'gap' } }),
    )
    expect(followChain([...links.slice(0, at + 1), ...links.slice(at)], start, hash).broken?.reason).toBe('gap')
  }))
})

test('a forger who hashes all anew changes the last hash, which a signed checkpoint holds', () => {
  const links = chain([{ debit: 'accrued_usage', credit: 'usage_revenue', amount: '5', causeId: 'bat_1', evidence: null, at: 0 }, { debit: 'accrued_usage', credit: 'usage_revenue', amount: '7', causeId: 'bat_2', evidence: null, at: 1 }])
  const forged = chain([{ debit: 'accrued_usage', credit: 'usage_revenue', amount: '4', causeId: 'bat_1', evidence: null, at: 0 }, { debit: 'accrued_usage', credit: 'usage_revenue', amount: '7', causeId: 'bat_2', evidence: null, at: 1 }])
  expect(followChain(forged, start, hash).broken).toBeNull()
  expect(forged.at(-1)!.hash).not.toBe(links.at(-1)!.hash)
})

test('the text of a transfer is pinned: statements that were exported stay verifiable', () => {
  const transfer: ChainedTransfer = {
    customer: 'cus_a', position: 1, id: 'trf_1', debit: 'accrued_usage', credit: 'usage_revenue', asset: 'USD', amount: '0.0042', cause: 'usage', causeId: 'bat_1',
    periodStart: instant(0), postedAt: instant(1_767_225_600_000), evidence: 'ab',
  }
  expect(chainText(CHAIN_START, transfer)).toBe(
    '["tollgate-transfer-1","","cus_a",1,"trf_1","accrued_usage","usage_revenue","USD","0.0042","usage","bat_1","1970-01-01T00:00:00.000Z","2026-01-01T00:00:00.000Z","ab"]',
  )
  expect(hash(chainText(CHAIN_START, transfer))).toMatchInlineSnapshot(`"ea31b101ab4dd7cec1b360f200ff86929942c5918d29f2898eb9a35c7d6ecb02"`)
})
