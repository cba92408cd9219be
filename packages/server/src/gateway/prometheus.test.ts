import { expect, test } from 'vitest'
import { prometheusMetrics } from './prometheus.ts'

test('what was answered, what happened and how the node stands are told under names without a customer', async () => {
  const metrics = prometheusMetrics({ id: 'local-1', stats: () => ({ authorized: 7, denied: 2, settled: 5, journal_bytes: 4096 }), isReady: () => true })
  metrics.answered('chat', 200, 12)
  metrics.answered('chat', 402, 1)
  metrics.happened('upstream_retry')
  const text = await metrics.render([])
  for (const line of [
    'tollgate_gateway_requests_total{surface="chat",status="200"} 1', 'tollgate_gateway_requests_total{surface="chat",status="402"} 1', 'tollgate_gateway_events_total{event="upstream_retry"} 1',
    'tollgate_node_authorized_total 7', 'tollgate_node_denied_total 2', 'tollgate_node_journal_bytes 4096', 'tollgate_node_ready 1',
  ]) expect(text.split('\n')).toContain(line)
  expect(text).not.toContain('cus_')
})

test('of several processes on one port a scrape of any has all series, each with its node', async () => {
  const [first, second] = ['local-1', 'local-2'].map((id, index) => prometheusMetrics({ id, stats: () => ({ authorized: index + 1 }), isReady: () => true }, true))
  for (const metrics of [first!, second!]) metrics.answered('chat', 200, 12)
  // As a sibling sends it.
  const text = await first!.render([JSON.parse(JSON.stringify(await second!.values()))])
  for (const line of [
    'tollgate_node_authorized_total{node="local-1"} 1', 'tollgate_node_authorized_total{node="local-2"} 2', 'tollgate_node_ready{node="local-2"} 1',
    'tollgate_gateway_requests_total{surface="chat",status="200",node="local-1"} 1', 'tollgate_gateway_requests_total{surface="chat",status="200",node="local-2"} 1',
  ]) expect(text.split('\n')).toContain(line)
  expect(text.match(/# TYPE tollgate_node_authorized_total/g)).toHaveLength(1)
})
