// Who does something through the API: a key with its scopes. The audit log names it.

import type { CustomerId, KeyScope } from '@tollgate/core'

export type Actor = { readonly id: string; readonly scopes: readonly KeyScope[]; readonly customer: CustomerId | null }

/** The program itself, when it loads the demo or closes a period. */
export const SYSTEM: Actor = { id: 'system', scopes: ['admin'], customer: null }
