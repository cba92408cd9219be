import { expect, test } from 'vitest'
import { prometheusMetrics } from './prometheus.ts'

test('what was answered, what happened and how the node stands are told under names without a customer', async () => {
  const metrics = prometheusMetrics({ stats: () => ({ authorized: 7, denied: 2, settled: 5, journal_bytes: 4096 }), isReady: () => true })
  metrics.answered('chat', 200, 12)
  metrics.answered('chat', 402, 1)
  metrics.happened('upstream_retry')
  const text = await metrics.render()
  for (const line of [
    'tollgate_gateway_requests_total{surface="chat",status="200"} 1', 'tollgate_gateway_requests_total{surface="chat",status="402"} 1', 'tollgate_gateway_events_total{event="upstream_retry"} 1',
    'tollgate_node_authorized_total 7', 'tollgate_node_denied_total 2', 'tollgate_node_journal_bytes 4096', 'tollgate_node_ready 1',
  ]) expect(text.split('\n')).toContain(line)
  expect(text).not.toContain('cus_')
})
