// The budgets that bind the customer. An administrator of the customer sets its own caps here, which can only tighten, and stops everything
// by hand.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useRefresh } from '../api/live.tsx'
import type { Budget } from '../api/operations.ts'
import { ask, useWrite } from '../api/queries.ts'
import { Button } from '../parts/controls.tsx'
import { Card, Empty, Failure, Loaded } from '../parts/surface.tsx'
import { BudgetRow } from '../views/budgets.tsx'
import { CapForm } from '../views/cap-form.tsx'
import { FreezeDialog, Freezes } from '../views/freezes.tsx'
import { MailAlerts } from './mail-alerts.tsx'
import { Members } from './members.tsx'
import { useWords } from '../words/words.tsx'

export function Limits({ customer, isAdmin }: { readonly customer: string; readonly isAdmin: boolean }) {
  const params = { customer }
  const w = useWords()
  const { limits: said } = w
  const budgets = useQuery(ask('listBudgets', { params, query: { limit: 500 } }))
  const entities = useQuery(ask('listEntities', { params, query: { limit: 500 } }))
  const remove = useWrite('deleteBudget')
  const [editing, setEditing] = useState<Budget | 'new' | null>(null)
  const [showing, setShowing] = useState<Budget | null>(null)
  const [isStopping, setStopping] = useState(false)
  useRefresh([['listBudgets']])
  const teams = entities.data?.data ?? []
  const isOwn = (budget: Budget) => isAdmin && budget.kind === 'cap' && budget.owner === 'tenant'
  return (
    <>
      <Freezes customer={customer} mayLift={({ owner }) => isAdmin && owner === 'tenant'} />
      <Card title={said.title} note={said.note} actions={isAdmin && <><Button look="danger" onClick={() => setStopping(true)}>{said.stopAll}</Button><Button look="primary" onClick={() => setEditing('new')}>{said.setCap}</Button></>} flush>
        {remove.error !== null && <div className="px-5 pb-3"><Failure error={remove.error} /></div>}
        <Loaded query={budgets}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title={said.none}>{isAdmin ? said.noneAdmin : said.noneReader}</Empty>
            ) : (
              <ul>
                {data.map((budget) => (
                  <BudgetRow key={budget.id} budget={budget} entityName={teams.find(({ id }) => id === budget.entity)?.name ?? budget.entity} actions={<span className="flex gap-2">{budget.per.length > 0 && <Button className="h-7 px-2 text-xs" onClick={() => setShowing(budget)}>{said.members}</Button>}{isOwn(budget) && <><Button className="h-7 px-2 text-xs" onClick={() => setEditing(budget)}>{w.common.change}</Button><Button className="h-7 px-2 text-xs" look="danger" disabled={remove.isPending} onClick={() => remove.mutate({ params: { customer, budget: budget.id.replace(/^cap:/, '') } })}>{said.remove}</Button></>}</span>} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Card>
      {isAdmin && <MailAlerts customer={customer} budgets={budgets.data?.data ?? []} />}
      {editing !== null && <CapForm customer={customer} budget={editing === 'new' ? null : editing} entities={teams} isOperator={false} onClose={() => setEditing(null)} />}
      {showing !== null && <Members customer={customer} budget={showing} mayEdit={isOwn(showing)} nameOf={(id) => teams.find((team) => team.id === id)?.name ?? id} onClose={() => setShowing(null)} />}
      {isStopping && <FreezeDialog target={{ kind: 'customer', target: customer, customer: null, name: said.everything }} onClose={() => setStopping(false)} />}
    </>
  )
}
