// Where the links of mails lead: a button that confirms an address or ends its mails. Opening the link does nothing by itself, because scanners
// of mail open links.

import { useState } from 'react'
import { useWrite } from '../api/queries.ts'
import { Button } from '../parts/controls.tsx'
import { Empty, Failure, PageHead } from '../parts/surface.tsx'
import { useWords } from '../words/words.tsx'

export function MailLinkPage() {
  const { link: said } = useWords()
  const [{ act, token }] = useState(linkOfAddress)
  const write = useWrite(act === 'leave' ? 'leaveAlerts' : 'confirmAlerts')
  if (token === null) return <Empty title={said.broken}>{said.brokenDetail}</Empty>
  const isLeaving = act === 'leave'
  return (
    <>
      <PageHead title={isLeaving ? said.leaveTitle : said.confirmTitle} {...(write.data === undefined ? { lead: isLeaving ? said.leaveLead : said.confirmLead } : {})} />
      {write.error !== null && <Failure error={write.error} />}
      {write.data === undefined ? (
        <Button look="primary" disabled={write.isPending} onClick={() => write.mutate({ body: { token } })}>{isLeaving ? said.leave : said.confirm}</Button>
      ) : (
        <p role="status">{(isLeaving ? said.left : said.confirmed)({ email: write.data.email, customer: write.data.customer_name })}</p>
      )}
    </>
  )
}

function linkOfAddress(): { readonly act: 'confirm' | 'leave'; readonly token: string | null } {
  const parts = new URLSearchParams(location.hash.slice(1))
  const leave = parts.get('leave')
  return leave === null ? { act: 'confirm', token: parts.get('confirm') } : { act: 'leave', token: leave }
}
