// What the operator's roles may do: `admin` everything, every role read everything, and the writes of `support` and `finance` stand in
// this table. A new write is the administrator's until somebody decides otherwise.

import { OPERATOR_ROLES, type KeyScope, type OperatorRole } from '@tollgate/core'
import { isWrite, type Route } from './route.ts'

/** POST that changes nothing. */
const READS: ReadonlySet<string> = new Set(['planCatalog', 'planRollback', 'previewFreeze', 'previewSubscriptionChange', 'checkContract', 'planRates'])

const WRITES: Readonly<Record<Exclude<OperatorRole, 'viewer' | 'admin'>, ReadonlySet<string>>> = {
  support: new Set(['changeCustomer', 'redeemCode', 'changeSubscription', 'actOnSubscription', 'createGrant', 'withdrawGrant', 'linkProviderCustomer', 'replayProviderMessages', 'createEntity', 'putBudget', 'deleteBudget', 'putBudgetMember', 'moveBudget', 'createFreeze', 'liftFreeze', 'createPortalSession', 'endPortalSession', 'createAlertRecipient', 'changeAlertRecipient', 'askAlertRecipient', 'deleteAlertRecipient', 'deletePrompt']),
  finance: new Set([
    'addCredits', 'changeCustomer', 'changeSubscription', 'actOnSubscription', 'recordSubscriptionFact', 'startSimulation', 'cancelSimulation', 'createPortalSession', 'endPortalSession', 'putBillingProfile', 'createInvoice', 'discardInvoice', 'finalizeInvoice', 'payInvoice', 'voidInvoice', 'writeOffInvoice',
    'createCreditNote', 'createInvoiceItem', 'deleteInvoiceItem', 'closeDue', 'putBookSettings',
    // Wallets.
    'voidCredits', 'refundCredits', 'moveCredits', 'putRecharge', 'deleteRecharge', 'openTopUp', 'confirmPayment', 'putWalletNotices', 'putNoticeDefault', 'createCodes', 'endCodes', 'redeemCode',
  ]),
}

/** Reads that not every role may: what people wrote. */
const READ_BY: Readonly<Record<string, ReadonlySet<OperatorRole>>> = { getPrompt: new Set(['support']) }

function isRead(operation: string, route: Route): boolean {
  return !isWrite(route) || READS.has(operation)
}

/** Every scope that may call an operation that is not public. */
export function scopesOf(operation: string, route: Route): readonly KeyScope[] {
  const named = route.access === 'public' ? [] : route.access
  const roles = OPERATOR_ROLES.filter((role) => role === 'admin' || (isRead(operation, route) ? (READ_BY[operation]?.has(role) ?? true) : role !== 'viewer' && WRITES[role].has(operation)))
  return [...new Set([...roles.toReversed(), ...named])]
}
