// What the handler of a route gets and gives: inputs as the contract read them, and a body that the contract describes. A
// handler calls one use case and puts its answer into words; it decides nothing.

import type { Caller } from '../app/authenticate.ts'
import type { ControlPlane } from '../app/control-plane.ts'
import type * as z from 'zod'
import type { HANDLED, HandledOperation, Route } from './contract.ts'

export type Call<R extends Route> = {
  readonly plane: ControlPlane
  readonly caller: Caller
  readonly params: z.output<R['params']>
  readonly query: z.output<R['query']>
  readonly body: R['body'] extends z.ZodType ? z.output<R['body']> : null
  /** The same text for every repetition of one idempotent call, so that what it makes cannot be made twice; else new. */
  readonly idText: () => string
}

export type Handler<R extends Route> = (call: Call<R>) => Promise<R['answer'] extends z.ZodType ? z.input<R['answer']> : null>

export type Handlers<Operations extends HandledOperation = HandledOperation> = { readonly [O in Operations]: Handler<(typeof HANDLED)[O]> }
