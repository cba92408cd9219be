// Where one can go in the console, in the order of the menu.

export const NAVIGATION = [
  { group: '', entries: [{ to: '/', label: 'Overview' }, { to: '/live', label: 'Live' }, { to: '/customers', label: 'Customers' }] },
] as const
