// How we reach a provider: its secrets sealed under the master key, opened only to verify, read or ask.

import { withRetry } from '../../platform/postgres.ts'
import { assertAllowedUpstream } from '../../platform/private-address.ts'
import { open, seal } from '../../platform/secrets.ts'
import { insertAudit } from '../../store/audit.ts'
import { findAccount, writeAccount, type AccountRow, type ProviderName } from '../../store/providers.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { Problem } from '../problems.ts'
import type { Account, Connector } from './connector.ts'

export type AccountInput = {
  /** A new one; the one before it still verifies, so that a rotation loses nothing. Null keeps what is. */
  readonly webhookSecret: string | null
  readonly apiKey: string | null
  readonly apiUrl: string | null
  readonly webhookUser: string | null
  readonly addresses: readonly string[] | null
  readonly allowPrivate: boolean
}

export type AccountView = { readonly provider: ProviderName; readonly hasWebhookSecret: boolean; readonly hasApiKey: boolean; readonly settings: Account['settings']; readonly updatedAt: number | null }

/** The secret before the newest still verifies; older ones do not. */
const SECRETS_KEPT = 2

export async function setAccount(plane: ControlPlane, actor: Actor, provider: ProviderName, input: AccountInput): Promise<AccountView> {
  if (input.apiUrl !== null) assertAllowedUpstream(input.apiUrl, { allowPrivate: input.allowPrivate })
  await withRetry(plane.sql, async (tx) => {
    const before = await findAccount(tx, provider)
    const known = before?.settings ?? {}
    const settings = {
      ...known,
      ...(input.apiUrl === null ? {} : { apiUrl: input.apiUrl.replace(/\/$/, '') }),
      ...(input.webhookUser === null ? {} : { webhookUser: input.webhookUser }),
      ...(input.addresses === null ? {} : { addresses: input.addresses }),
    }
    const secrets = input.webhookSecret === null ? (before?.webhookSecretsSealed ?? []) : [seal(plane.masterKey, input.webhookSecret, `${provider}/webhook`), ...(before?.webhookSecretsSealed ?? [])].slice(0, SECRETS_KEPT)
    const apiKeySealed = input.apiKey === null ? (before?.apiKeySealed ?? null) : seal(plane.masterKey, input.apiKey, `${provider}/api`)
    await writeAccount(tx, { provider, settings, webhookSecretsSealed: secrets, apiKeySealed })
    await insertAudit(tx, { actor: actor.id, action: 'provider.set', customer: null, target: provider, before: before === null ? null : { settings: known }, after: { settings, new_webhook_secret: input.webhookSecret !== null, new_api_key: input.apiKey !== null } })
  })
  return accountView(plane, provider)
}

export async function accountView(plane: ControlPlane, provider: ProviderName): Promise<AccountView> {
  const row = await findAccount(plane.sql, provider)
  return { provider, hasWebhookSecret: (row?.webhookSecretsSealed.length ?? 0) > 0, hasApiKey: row !== null && row.apiKeySealed !== null, settings: (row?.settings ?? {}) as Account['settings'], updatedAt: row?.updatedAt ?? null }
}

/** Null where nothing is set. */
export async function openAccount(plane: ControlPlane, provider: ProviderName): Promise<Account | null> {
  const row: AccountRow | null = await findAccount(plane.sql, provider)
  if (row === null) return null
  return {
    provider,
    webhookSecrets: row.webhookSecretsSealed.map((sealed) => open(plane.masterKey, sealed, `${provider}/webhook`)),
    apiKey: row.apiKeySealed === null ? null : open(plane.masterKey, row.apiKeySealed, `${provider}/api`),
    settings: row.settings as Account['settings'],
  }
}

export function connectorOf(plane: ControlPlane, provider: string): Connector {
  const connector = plane.connectors.get(provider as ProviderName)
  if (connector === undefined) throw new Problem('not_found', `there is no provider ${provider}; there are ${[...plane.connectors.keys()].join(', ') || 'none'}`, 'provider')
  return connector
}

/** @throws {Problem} where the provider was never set up. */
export async function requireAccount(plane: ControlPlane, provider: ProviderName): Promise<Account> {
  const account = await openAccount(plane, provider)
  if (account === null) throw new Problem('provider_not_set', `${provider} is not set up: PUT /v1/providers/${provider}`, 'provider')
  return account
}
