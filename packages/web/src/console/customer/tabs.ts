// What there is to see of one customer, in the order of its tabs.

export const TABS = [
  ['overview', 'Overview'],
  ['subscription', 'Subscription'],
  ['contract', 'Contract'],
  ['usage', 'Usage'],
  ['events', 'Events'],
  ['budgets', 'Budgets'],
  ['invoice', 'Invoice'],
  ['ledger', 'Ledger'],
  ['keys', 'Keys'],
  ['decisions', 'Decisions'],
  ['audit', 'Audit'],
] as const
export type Tab = (typeof TABS)[number][0]
