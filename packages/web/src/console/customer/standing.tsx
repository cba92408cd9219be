// How a customer stands now: its agreement in a sentence, money, what it may do and why, its budgets and its credits.

import { useQuery } from '@tanstack/react-query'
import type { Customer } from '../../api/operations.ts'
import { useRefresh } from '../../api/live.tsx'
import { ask } from '../../api/queries.ts'
import { isNegative, isZero } from '../../parts/decimal.ts'
import { Card, Empty, Figure, Figures, Loaded } from '../../parts/surface.tsx'
import { Money, Time } from '../../parts/values.tsx'
import { BudgetRow } from '../../views/budgets.tsx'
import { Blocks } from '../../views/credits.tsx'
import { useWords } from '../../words/words.tsx'
import { BurnOrderButton, burnText } from './burn-order.tsx'
import { EntitlementTable } from './entitlements.tsx'
import { Overrides } from './overrides.tsx'
import { StandingCard, useSubscription } from './subscription.tsx'

export function Standing({ customer }: { readonly customer: Customer }) {
  const params = { customer: customer.id }
  const { credits } = useWords()
  const balance = useQuery(ask('getBalance', { params }))
  const entitlements = useQuery(ask('listEntitlements', { params }))
  const invoice = useQuery(ask('previewInvoice', { params }))
  const subscription = useSubscription(customer.id)
  useRefresh([['getBalance'], ['listEntitlements'], ['previewInvoice']], (message) => message.customer === customer.id)
  return (
    <div className="space-y-6">
      <Loaded query={subscription} rows={2}>{(found) => <StandingCard customer={customer} subscription={found} />}</Loaded>
      <Loaded query={balance} rows={2}>
        {({ balance: amount, currency, debt, leased, wallets }) => (
          <Figures label="Money">
            <Figure label="Balance" value={<Money amount={amount} currency={currency} />} note={isZero(leased) ? 'of prepaid credits' : <>of it <Money amount={leased} currency={currency} /> held ready by gateways</>} tone={isNegative(amount) ? 'bad' : 'neutral'} />
            <Figure label="Charged this period" value={invoice.data === undefined ? '…' : <Money amount={invoice.data.invoice.subtotal} currency={currency} />} note="fees and usage, as on the invoice" />
            <Figure label="Due" value={invoice.data === undefined ? '…' : <Money amount={invoice.data.amount_due} currency={currency} />} note="after prepaid credits" />
            <Figure label="Debt" value={<Money amount={debt} currency={currency} />} note="repaid by the next top-up" tone={isZero(debt) ? 'neutral' : 'bad'} />
            {wallets.filter(({ pays, balance: held }) => !pays && !isZero(held)).map(({ asset, name, balance: held }) => <Figure key={asset} label={name} value={<Money amount={held} currency={asset} />} note={credits.assetNote} />)}
            {wallets.flatMap(({ asset, by_feature: parts }) => parts.filter(({ balance: held }) => !isZero(held)).map(({ features, balance: held, leased: lent }) => (
              <Figure key={`${asset} ${features.join()}`} label={credits.forFeatures(features.join(', '))} value={<Money amount={held} currency={asset} />} note={isZero(lent) ? credits.forFeaturesNote : <>of it <Money amount={lent} currency={asset} /> held ready by gateways</>} />
            )))}
          </Figures>
        )}
      </Loaded>
      <Card title="Entitlements" note={<>What it may do now, and where that comes from. Customer since <Time at={customer.created_at} />.</>} flush>
        <Loaded query={entitlements}>{({ features }) => <EntitlementTable features={features} />}</Loaded>
      </Card>
      <Overrides customer={customer.id} />
      <Card title="Budgets" note="Anything that limits or pays, as it stands." flush>
        <Loaded query={entitlements}>{({ budgets }) => (budgets.length === 0 ? <Empty title="Nothing limits or pays for this customer" /> : <ul>{budgets.map((budget) => <BudgetRow key={budget.id} budget={budget} />)}</ul>)}</Loaded>
      </Card>
      <Card title="Credits" note={balance.data === undefined ? undefined : burnText(balance.data.burn_order, customer.burn_order !== null)} actions={<BurnOrderButton customer={customer} />} flush>
        <Loaded query={balance}>{(found) => <Blocks balance={found} command={`curl ${location.origin}/v1/customers/${customer.id}/credits \\\n  -H "Authorization: Bearer $ADMIN_KEY" -H "Content-Type: application/json" \\\n  -d '{"amount":"10.00"}'`} />}</Loaded>
      </Card>
    </div>
  )
}
