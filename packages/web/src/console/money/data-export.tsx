// Saves records of a time as one CSV file, part by part, so that any number of rows is fine and it can be stopped; also in the columns of FOCUS.

import { useRef, useState } from 'react'
import { Button, Choice } from '../../parts/controls.tsx'
import { quantity } from '../../parts/format.ts'
import { Card } from '../../parts/surface.tsx'
import { saveFile } from '../../parts/save-file.ts'

const DATASETS = [['events', 'Usage events'], ['charges', 'Charges'], ['invoices', 'Invoices'], ['invoice-lines', 'Invoice lines'], ['focus', 'FOCUS 1.4']] as const

export function DataExport({ from, to }: { readonly from: string; readonly to: string }) {
  const [dataset, setDataset] = useState<string>('charges')
  const [read, setRead] = useState<number | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const abort = useRef<AbortController | null>(null)
  const run = async () => {
    abort.current = new AbortController()
    setRead(0)
    setProblem(null)
    try {
      const parts: string[] = []
      let rows = 0
      for (let after: string | null = ''; after !== null; ) {
        const answer: Response = await fetch(`/v1/exports/data/${dataset}?${new URLSearchParams({ from, to, ...(after === '' ? {} : { after }) }).toString()}`, { credentials: 'same-origin', signal: abort.current.signal })
        if (!answer.ok) throw new Error(((await answer.json()) as { readonly detail?: string }).detail ?? `the server answered ${answer.status}`)
        parts.push(await answer.text())
        setRead((rows += Number(answer.headers.get('tollgate-rows') ?? '0')))
        after = answer.headers.get('tollgate-next')
      }
      saveFile(new Blob(parts, { type: 'text/csv' }), `${dataset}-${from}-${to}.csv`)
    } catch (error) {
      if (!(error instanceof Error && error.name === 'AbortError')) setProblem(error instanceof Error ? error.message : String(error))
    } finally {
      setRead(null)
    }
  }
  return (
    <Card className="mt-6" title="Export" note="The records of this time, as one file. Parquet and larger spans by tollgate export." actions={<><Choice isBare label="Records" value={dataset} options={DATASETS} onChange={(event) => setDataset(event.target.value)} />{read === null ? <Button onClick={() => void run()}>Save as CSV</Button> : <Button onClick={() => abort.current?.abort()}><span role="status">{quantity(String(read))} rows</span> · Stop</Button>}</>}>
      {problem === null ? <p className="text-muted">Amounts are exact decimals.</p> : <p role="alert" className="text-bad">{problem}</p>}
    </Card>
  )
}
