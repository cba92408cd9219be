// Calls that share transactions: whatever waits goes together, each answered when the transaction that holds it has committed.

type Waiting<Asked, Answer> = { readonly asked: Asked; readonly resolve: (answer: Answer) => void; readonly reject: (error: unknown) => void }

export type Batches<Asked, Answer> = {
  /** Transactions at once. */
  readonly lanes: number
  readonly max: number
  /** An answer or an error for each, in their order; resolves after the commit. */
  readonly run: (batch: readonly Asked[]) => Promise<readonly (Answer | Error)[]>
}

export function inBatches<Asked, Answer>({ lanes, max, run }: Batches<Asked, Answer>): (asked: Asked) => Promise<Answer> {
  const waiting: Waiting<Asked, Answer>[] = []
  let running = 0

  function start(): void {
    while (running < lanes && waiting.length > 0) {
      running += 1
      void answer(waiting.splice(0, max)).finally(() => {
        running -= 1
        start()
      })
    }
  }

  async function answer(batch: readonly Waiting<Asked, Answer>[]): Promise<void> {
    try {
      const answers = await run(batch.map(({ asked }) => asked))
      for (const [index, { resolve, reject }] of batch.entries()) {
        const one = answers[index]!
        if (one instanceof Error) reject(one)
        else resolve(one)
      }
    } catch (error) {
      // One bad call must not fail its neighbours: each is tried alone.
      if (batch.length === 1) return batch[0]!.reject(error)
      for (const one of batch) await answer([one])
    }
  }

  return (asked) =>
    new Promise((resolve, reject) => {
      waiting.push({ asked, resolve, reject })
      // Those that come in the same turn share the transaction.
      queueMicrotask(start)
    })
}
