// Where one can go in the console, in the order of the menu.

import type { LinkProps } from '@tanstack/react-router'

type Entry = { readonly to: NonNullable<LinkProps['to']>; readonly label: string }

export const NAVIGATION: readonly { readonly group: string; readonly entries: readonly Entry[] }[] = [
  { group: '', entries: [{ to: '/', label: 'Overview' }, { to: '/live', label: 'Live' }, { to: '/customers', label: 'Customers' }] },
  { group: 'Catalog', entries: [{ to: '/catalog/plans', label: 'Plans' }, { to: '/catalog/edit', label: 'Editor' }, { to: '/catalog/rates', label: 'Rate card' }, { to: '/catalog/exchange', label: 'Exchange rates' }, { to: '/catalog/reratings', label: 'Re-rating' }, { to: '/catalog/versions', label: 'Versions' }] },
  { group: 'Money', entries: [{ to: '/money/invoices', label: 'Invoices' }, { to: '/money/margin', label: 'Margin' }, { to: '/money/books', label: 'Books' }, { to: '/money/coupons', label: 'Coupons' }, { to: '/money/codes', label: 'Codes' }] },
  {
    group: 'Operations',
    entries: [
      { to: '/operations/alerts', label: 'Alerts' },
      { to: '/operations/providers', label: 'Billing providers' },
      { to: '/operations/keys', label: 'Keys' },
      { to: '/operations/upstreams', label: 'Upstreams' },
      { to: '/operations/webhooks', label: 'Webhooks' },
      { to: '/operations/jobs', label: 'Jobs' },
      { to: '/operations/parked', label: 'Parked events' },
      { to: '/operations/audit', label: 'Audit log' },
      { to: '/operations/system', label: 'System' },
    ],
  },
]
