// What really happened, kept outside of Tollgate: what was paid in, what providers ran, what every answer said. The records are compared
// with it at the end. Amounts are whole tokens; one costs a thousandth of a dollar.

/** One request of a client, from the moment it was sent. */
export type Attempt = {
  readonly id: string
  /** Budgets that count it: a wallet, a member of the template. */
  readonly budgets: readonly string[]
  /** What its authorization holds, in tokens. */
  readonly hold: number
  readonly startedAt: number
  endedAt: number | null
  /** What a provider really used for it; null while or where none ran. */
  used: number | null
  /**
   * - `open` sent, no answer yet
   * - `acknowledged` the client has a complete answer: it must be charged, once
   * - `refused` by a decision · `unavailable` the budget could not be confirmed, or nobody answered yet
   * - `cut` its answer broke off: nobody knows, so its hold stays
   */
  state: 'open' | 'acknowledged' | 'refused' | 'unavailable' | 'cut'
}

/** A time during which something was down: what a denial then knew cannot be held against it. */
export type Outage = { readonly from: number; until: number }

/** As long as a node believes that an amount is not there: a denial may rest on what was so this long ago. */
const BELIEVED_MS = 1_000

export type Judgement = { readonly judged: number; readonly during: number; readonly falseDenials: readonly string[] }

export type Truth = ReturnType<typeof createTruth>

export function createTruth() {
  const attempts: Attempt[] = []
  const byId = new Map<string, Attempt>()
  /** By budget: when its limit was raised, by how much. Counted when the call that did it was answered. */
  const paidIn = new Map<string, { readonly at: number; readonly tokens: number }[]>()
  const outages: Outage[] = []
  const denials: { readonly attempt: Attempt; readonly budget: string }[] = []

  /** The least that can have been idle of a budget at every moment of a span, by what was known outside. */
  function idleThroughout(budget: string, from: number, until: number, except: Attempt): number {
    let idle = 0
    for (const { at, tokens } of paidIn.get(budget) ?? []) if (at <= from) idle += tokens
    for (const attempt of attempts) {
      if (attempt === except || attempt.startedAt > until || !attempt.budgets.includes(budget)) continue
      const isOver = attempt.endedAt !== null && attempt.endedAt <= from
      // What was refused held nothing. What nobody could confirm may have, until that was said; what was cut may still.
      if (attempt.state === 'refused' || (attempt.state === 'unavailable' && isOver)) continue
      idle -= isOver && attempt.state === 'acknowledged' ? attempt.used! : attempt.hold
    }
    return idle
  }

  return {
    attempts,
    outages,
    attemptOf: (id: string) => byId.get(id),
    begin: (attempt: Pick<Attempt, 'id' | 'budgets' | 'hold'>): Attempt => {
      const begun: Attempt = { ...attempt, startedAt: performance.now(), endedAt: null, used: null, state: 'open' }
      attempts.push(begun)
      byId.set(begun.id, begun)
      return begun
    },
    end: (attempt: Attempt, state: Exclude<Attempt['state'], 'open'>): void => {
      attempt.state = state
      attempt.endedAt = performance.now()
    },
    deny: (attempt: Attempt, budget: string): void => void denials.push({ attempt, budget }),
    payIn: (budget: string, tokens: number): void => void paidIn.set(budget, [...(paidIn.get(budget) ?? []), { at: performance.now(), tokens }]),
    limitOf: (budget: string) => (paidIn.get(budget) ?? []).reduce((sum, { tokens }) => sum + tokens, 0),
    budgets: () => [...paidIn.keys()],
    /** What providers ran on a budget, whoever was told of it. */
    usedOf: (budget: string) => attempts.reduce((sum, { budgets, used }) => (budgets.includes(budget) ? sum + (used ?? 0) : sum), 0),
    denials: () => denials.length,
    /** A denial is false where the budget had room for the request, all of the time that the denial may rest on. */
    judge: (): Judgement => {
      const falseDenials: string[] = []
      let during = 0
      for (const { attempt, budget } of denials) {
        const [from, until] = [attempt.startedAt - BELIEVED_MS, attempt.endedAt!]
        if (outages.some((outage) => outage.from <= until && outage.until >= from)) {
          during += 1
          continue
        }
        const idle = idleThroughout(budget, from, until, attempt)
        if (idle >= attempt.hold) falseDenials.push(`${attempt.id} was denied ${attempt.hold} of ${budget}, of which ${idle} were idle for ${Math.round(until - from)} ms`)
      }
      return { judged: denials.length - during, during, falseDenials }
    },
  }
}
