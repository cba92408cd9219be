// The widgets for a product's own React pages: they read what `GET /v1/plans`, `…/entitlements` and `…/balance` answer to your backend,
// or to a page with a portal's token.

export { GraceBanner, LowBalance, Paywall, UsageNudge } from './widgets/notices.tsx'
export { PlanComparison } from './widgets/plan-comparison.tsx'
export { PricingTable, type PricingTableProps } from './widgets/pricing-table.tsx'
