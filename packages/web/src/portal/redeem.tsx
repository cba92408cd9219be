// A code that gives credits, a plan or an add-on: typed here by an administrator of the customer.

import { useState } from 'react'
import { randomKey } from '../api/client.ts'
import { useWrite } from '../api/queries.ts'
import { Button, Field } from '../parts/controls.tsx'
import { Card, Failure } from '../parts/surface.tsx'
import { useWords } from '../words/words.tsx'

export function Redeem({ customer }: { readonly customer: string }) {
  const [key, setKey] = useState(randomKey)
  const [code, setCode] = useState('')
  const { common, redeem: said } = useWords()
  const write = useWrite('redeemCode', () => {
    setCode('')
    setKey(randomKey())
  })
  return (
    <Card title={said.title} note={said.note}>
      <form
        className="flex flex-wrap items-end gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          write.mutate({ params: { customer }, body: { code: code.trim() }, idempotencyKey: key })
        }}
      >
        <div className="w-64"><Field label={said.code} required autoComplete="off" spellCheck={false} value={code} onChange={(event) => setCode(event.target.value)} /></div>
        <Button type="submit" className="mb-5" disabled={write.isPending || code.trim() === ''}>{write.isPending ? common.working : said.redeem}</Button>
      </form>
      {write.error !== null && <Failure error={write.error} />}
      {write.data !== undefined && <p role="status" className="text-good">{said.taken}</p>}
    </Card>
  )
}
