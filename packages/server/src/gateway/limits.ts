// The bounds of the gateway in one record, so that tests can shorten the waits; the numbers that belong to the whole system
// come from core. Each one stops something that a client or an upstream could otherwise do for ever.

import {
  DRAIN_BYTES_MAX, DRAIN_TIMEOUT_MS, GATEWAY_BODY_BYTES_MAX, HEADERS_TIMEOUT_MS, HEADER_BYTES_MAX, IN_FLIGHT_PER_CUSTOMER_MAX, REQUEST_TIMEOUT_MS,
  SSE_EVENT_BYTES_MAX, UPSTREAM_IDLE_TIMEOUT_MS, UPSTREAM_JSON_BUFFER_BYTES_MAX,
} from '@tollgate/core'

export type GatewayLimits = {
  readonly bodyBytesMax: number
  /** Bodies of all requests in flight together: past it new ones are refused for a moment, because memory is shared by all tenants. */
  readonly bodiesBytesMax: number
  readonly headerBytesMax: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  /** How often connections are held against these two. */
  readonly connectionsCheckMs: number
  /** Idle keep-alive connections of clients are closed after this: longer than the 60 s of common load balancers, which else race with us. */
  readonly clientKeepAliveMs: number
  /** A client that does not read its answer for this long counts as gone: else it pins the upstream and the hold. */
  readonly clientStallMs: number
  readonly inFlightPerCustomerMax: number
  /** Of one key: a leaked or looping one leaves room for the others of its customer. */
  readonly inFlightPerKeyMax: number
  /** Of all customers together: each open request holds sockets and memory. */
  readonly inFlightMax: number
  /** A customer's part of a busy node is never less. */
  readonly fairPartMin: number
  /** Connections of clients, idle ones included; further ones are closed at once. */
  readonly connectionsMax: number
  /** Refusals of one key in one second, after which nothing more is decided for it until the next. */
  readonly refusalsPerSecondMax: number
  /** Keys of one address in one second that nobody knows, after which it waits for an answer to the next: a proxy in front is one address. */
  readonly unknownKeysPerSecondMax: number
  /** Whoever is shed hears of it after this long, so that a client that asks again at once does so a few times a second and not thousands. */
  readonly shedDelayMs: number
  /** Answers that are held back so at a time; further ones leave at once. */
  readonly shedDelayedMax: number
  /** How long a stop goes on to listen, so that clients and load balancers hear of it by an answer and not by a closed socket. */
  readonly closeNoticeMs: number
  readonly upstreamConnectTimeoutMs: number
  /** Silence of an upstream within its answer, and before the head of a stream. */
  readonly upstreamIdleMs: number
  /** How long a JSON answer may take to begin, which is its whole generation: the default timeout of OpenAI's SDKs. */
  readonly upstreamAnswerMs: number
  /** Requests that run at one upstream, each on a connection of its own: a slow one cannot take all that the node has. */
  readonly upstreamSlotsMax: number
  /** Requests that wait for a slot at one upstream, and how long. */
  readonly upstreamQueueMax: number
  readonly upstreamQueueMs: number
  /** Idle connections to an upstream are closed after this: below the 5 s that the strictest servers keep them, to race rarely. */
  readonly upstreamKeepAliveMs: number
  readonly jsonBufferBytesMax: number
  readonly sseEventBytesMax: number
  /** Text of an answer kept to count its tokens if the provider tells none; what lies beyond is extrapolated. */
  readonly observedTextMax: number
  readonly drainTimeoutMs: number
  readonly drainBytesMax: number
  /** How long `close` waits for requests in flight before it cuts them. */
  readonly closeGraceMs: number
}

export const GATEWAY_LIMITS: GatewayLimits = {
  bodyBytesMax: GATEWAY_BODY_BYTES_MAX,
  bodiesBytesMax: 512 * 1024 * 1024,
  headerBytesMax: HEADER_BYTES_MAX,
  headersTimeoutMs: HEADERS_TIMEOUT_MS,
  requestTimeoutMs: REQUEST_TIMEOUT_MS,
  connectionsCheckMs: 5_000,
  clientKeepAliveMs: 75_000,
  clientStallMs: 120_000,
  inFlightPerCustomerMax: IN_FLIGHT_PER_CUSTOMER_MAX,
  inFlightPerKeyMax: 1_500,
  inFlightMax: 16_384,
  fairPartMin: 16,
  connectionsMax: 20_000,
  refusalsPerSecondMax: 100,
  unknownKeysPerSecondMax: 100,
  shedDelayMs: 250,
  shedDelayedMax: 4_096,
  closeNoticeMs: 1_000,
  upstreamConnectTimeoutMs: 10_000,
  upstreamIdleMs: UPSTREAM_IDLE_TIMEOUT_MS,
  upstreamAnswerMs: 600_000,
  upstreamSlotsMax: 10_240,
  upstreamQueueMax: 1_024,
  upstreamQueueMs: 5_000,
  upstreamKeepAliveMs: 4_000,
  jsonBufferBytesMax: UPSTREAM_JSON_BUFFER_BYTES_MAX,
  sseEventBytesMax: SSE_EVENT_BYTES_MAX,
  observedTextMax: 64 * 1024,
  drainTimeoutMs: DRAIN_TIMEOUT_MS,
  drainBytesMax: DRAIN_BYTES_MAX,
  closeGraceMs: 20_000,
}
