// The providers that Tollgate speaks to, by name.

import type { Connectors } from '../app/providers/connector.ts'
import { chargebeeConnector } from './chargebee/connector.ts'
import { recurlyConnector } from './recurly/connector.ts'
import { stripeConnector } from './stripe/connector.ts'

export const CONNECTORS: Connectors = new Map([stripeConnector, chargebeeConnector, recurlyConnector].map((connector) => [connector.provider, connector]))
