// The page of a dispute file that says what is in it and how whoever reads it checks each claim without us.

import type { Party } from '@tollgate/core'

export type GuideFacts = {
  readonly customer: string
  readonly name: string
  readonly seller: Party | null
  readonly from: string
  readonly to: string
  readonly madeAt: string
  readonly charged: readonly { readonly currency: string; readonly amount: string; readonly events: string }[]
  readonly documents: readonly { readonly number: string; readonly kind: string; readonly issued: string; readonly state: string; readonly net: string; readonly tax: string; readonly amountDue: string; readonly currency: string }[]
  /** False where events are older than what is kept, or too many to be written again. */
  readonly withEvents: boolean
}

export function guideText(facts: GuideFacts): string {
  const { charged, documents } = facts
  return `# Usage and charges of ${facts.name} (${facts.customer})

From ${facts.from} to ${facts.to} (UTC days), written ${facts.madeAt}${facts.seller === null ? '' : ` for ${facts.seller.name}`}.

${charged.length === 0 ? 'Nothing was used in this time.' : charged.map(({ currency, amount, events }) => `- ${events} usage events were charged ${amount} ${currency}`).join('\n')}
${documents.length === 0 ? '- No invoice was issued in this time.' : documents.map((one) => `- ${one.kind === 'credit_note' ? 'Credit note' : 'Invoice'} ${one.number} of ${one.issued}, ${one.state}: net ${one.net}, tax ${one.tax}, ${one.amountDue} ${one.currency} due`).join('\n')}

## What is in this archive

| file | what it holds |
| --- | --- |
| \`events.csv\` | every request or other use of this time: when, which feature and model, what was measured, what it was charged |
| \`charges.csv\` | each charge: the price, the quantity, what an allowance paid of it, where the running total stood before, the version of the price list |
| \`prices/\` | those versions, as they were in force: the customer's plan with its prices, and what each meter counts |
| \`contract.json\` | what was agreed with this customer beyond its plan, by version; empty where nothing was |
| \`decisions.ndjson\` | each request that the gateway decided on: allowed with what it used, or refused with the reason |
| \`documents/\` | invoices and credit notes of this time, as printed and as data |
| \`statement.ndjson\` | the customer's whole ledger: every movement, chained by hashes, with signed checkpoints${facts.withEvents ? ', and the events behind it' : ''} |
| \`manifest.json\` | size and SHA-256 of each file |

## How to check it

1. **Nothing was changed afterwards.** Each movement in \`statement.ndjson\` carries a hash of itself and of the one before it; once a day the end of this chain was signed (Ed25519).
   A movement that was changed, left out or added later breaks the chain, or needs a signature that nobody can make for a past day. With the program, and no server:

       tollgate verify statement.ndjson --keys KEYS

   KEYS are the public keys, fetched earlier from \`/v1/ledger/keys\` and kept; without \`--keys\` those in the file are believed. What is hashed is described in the program's documentation
   ("Verify a statement"), so that any other program can check it as well.
2. **The charges are those of the events.** ${facts.withEvents
    ? 'The same command checks that the events in the statement are those whose hash each movement carries.'
    : 'Events of the whole history are not in this statement, because some are older than what is kept or they are too many; those of this time are in `events.csv`.'}
3. **The prices are those that were in force.** \`catalog_version\` of a charge names the file in \`prices/\`. \`amount\` is the price of \`quantity\` from \`before\` on, less what was \`included\`:

       tollgate explain rate --help

4. **The invoice is the sum.** The charges of a price in \`charges.csv\` sum to \`exact\` of its line on the invoice of that period; \`amount\` beside it is that sum rounded once.
5. **The archive is whole.** \`sha256sum\` of each file is what \`manifest.json\` says.

Prompts and answers are not in it: they are never stored. What providers charged us, and other customers, are not in it either.
`
}
