// The wallet as its owner sees it, and how more is added.

import { useQuery } from '@tanstack/react-query'
import { useRefresh } from '../api/live.tsx'
import { ask } from '../api/queries.ts'
import { isZero } from '../parts/decimal.ts'
import { Card, Figure, Figures, Loaded } from '../parts/surface.tsx'
import { Money } from '../parts/values.tsx'
import { Blocks } from '../views/credits.tsx'
import { BuyCredits, Payments } from './buy.tsx'
import { BalanceNotices, Recharge } from './recharge.tsx'
import { Redeem } from './redeem.tsx'
import { useWords } from '../words/words.tsx'

export function Credits({ customer, isAdmin }: { readonly customer: string; readonly isAdmin: boolean }) {
  const { credits: said } = useWords()
  const balance = useQuery(ask('getBalance', { params: { customer } }))
  useRefresh([['getBalance']])
  return (
    <Loaded query={balance} rows={5}>
      {(found) => (
        <div className="space-y-6">
          <Figures label={said.title}>
            <Figure label={said.balance} value={<Money amount={found.balance} currency={found.currency} />} note={said.balanceNote} />
            {found.wallets.filter(({ pays, balance: held }) => !pays && !isZero(held)).map(({ asset, name, balance: held }) => (
              <Figure key={asset} label={name} value={<Money amount={held} currency={asset} />} note={said.assetNote} />
            ))}
            {found.wallets.flatMap(({ asset, pays, by_feature: parts }) => (pays ? parts : []).filter(({ balance: held }) => !isZero(held)).map(({ features, balance: held }) => (
              <Figure key={features.join('+')} label={said.forFeatures(features.join(', '))} value={<Money amount={held} currency={asset} />} note={said.forFeaturesNote} />
            )))}
            {!isZero(found.debt) && <Figure label={said.owed} value={<Money amount={found.debt} currency={found.currency} />} note={said.owedNote} tone="bad" />}
          </Figures>
          <Card title={said.blocks} note={said.blocksNote} flush>
            <Blocks balance={found} />
          </Card>
          <BuyCredits customer={customer} asset={found.currency} isAdmin={isAdmin} />
          <Recharge customer={customer} asset={found.currency} isAdmin={isAdmin} />
          <BalanceNotices customer={customer} asset={found.currency} isAdmin={isAdmin} />
          {isAdmin && <Redeem customer={customer} />}
          <Payments customer={customer} />
        </div>
      )}
    </Loaded>
  )
}
