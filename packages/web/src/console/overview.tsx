// The first page: what happens now, and what it adds up to.

import { PageHead } from '../parts/surface.tsx'

export function Overview() {
  return <PageHead title="Overview" lead="What the gateway decides now, and what it adds up to." />
}
