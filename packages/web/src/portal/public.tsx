// What everybody may see: where a refusal's links lead when nobody is signed in.

import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { ask } from '../api/queries.ts'
import { Command, Empty, Loaded, PageHead } from '../parts/surface.tsx'
import { PricingTable } from '../widgets/pricing-table.tsx'
import { useLocale, useWords } from '../words/words.tsx'

export function PublicPlansPage() {
  const { plans: said } = useWords()
  const locale = useLocale()
  const plans = useQuery(ask('listPlans', { query: { locale } }))
  useEffect(() => {
    document.title = said.publicTitle
  }, [said])
  return (
    <>
      <PageHead title={said.publicTitle} lead={said.publicLead} />
      <Loaded query={plans}>{(found) => (found.plans.length === 0 ? <Empty title={said.publicNone} command="npm run tollgate -- catalog apply examples/catalogs/demo.yaml" /> : <PricingTable plans={found} />)}</Loaded>
    </>
  )
}

export function TopUpPage() {
  const { plans: said } = useWords()
  useEffect(() => {
    document.title = said.topUpTitle
  }, [said])
  return (
    <>
      <PageHead title={said.topUpTitle} lead={said.topUpLead} />
      <Command text={'curl $URL/v1/customers/$CUSTOMER/credits -H "Authorization: Bearer $ADMIN_KEY" \\\n  -H "Content-Type: application/json" -d \'{"amount":"10.00"}\''} />
      <p className="mt-3 text-muted">{said.topUpNote}</p>
    </>
  )
}
