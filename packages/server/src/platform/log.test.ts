import { expect, test } from 'vitest'
import { createLog } from './log.ts'

function lines(options: { readonly pretty: boolean }, work: (log: ReturnType<typeof createLog>) => void): string {
  const written: string[] = []
  work(createLog({ level: 'info', pretty: options.pretty, write: (line) => written.push(line) }))
  return written.join('').replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|\d\d:\d\d:\d\d\.\d{3}/g, 'TIME').replaceAll(/\u001b\[\d+m/g, '')
}

test('machines get one JSON object a line', () => {
  expect(lines({ pretty: false }, (log) => log.info({ customer: 'cus_1' }, 'ready'))).toBe('{"level":"info","time":"TIME","customer":"cus_1","msg":"ready"}\n')
})

test('people get one line, with the stack below when there is an error', () => {
  expect(lines({ pretty: true }, (log) => log.warn({ port: 4100, peer: { a: 1 } }, 'slow'))).toBe('TIME warn  slow port=4100 peer={"a":1}\n')
  expect(lines({ pretty: true }, (log) => log.error(new Error('broken')))).toMatch(/^TIME error broken\nError: broken\n\s+at /)
})

test('what is below the level is not written', () => {
  expect(lines({ pretty: false }, (log) => log.debug('detail'))).toBe('')
})

test('no secret reaches the log, by its name or by its looks', () => {
  const text = lines({ pretty: false }, (log) => {
    log.info({ authorization: 'hunter2', headers: { 'x-api-key': 'hunter2', cookie: 'hunter2' }, request: { headers: { authorization: 'hunter2' } }, upstream: { apiKey: 'hunter2' } }, 'call')
    log.error(new Error('refused: postgres://tollgate:hunter2@db/x'))
    log.info('with sk-hunter2hunter2hunter2')
  })
  expect(text).not.toContain('hunter2')
  expect(text).toContain('"headers":{"x-api-key":"[secret]"')
})
