-- Billing providers: how we reach them, what they sent, and which of their records belong to which customer.

-- Secrets are sealed with the master key, bound to the provider's name.
create table provider_account (
  provider text primary key check (provider in ('stripe', 'chargebee', 'recurly')),
  settings jsonb not null default '{}',
  -- The newest first; the one before it still verifies while a provider rotates.
  webhook_secrets_sealed text[] not null default '{}',
  api_key_sealed text,
  updated_at timestamptz not null default now()
);

-- The inbox: every message that was verified, as its bytes came, before anything is done with it.
create table provider_message (
  provider text not null,
  id text not null,
  kind text not null,
  -- When it was so, by the provider's own time.
  at timestamptz not null,
  body text not null,
  state text not null default 'pending' check (state in ('pending', 'done', 'ignored', 'stopped', 'failed')),
  code text,
  reason text,
  customer_id text references customer,
  -- Records of the provider that would say whose it is: it is tried again when one of them is linked.
  waits_for text[] not null default '{}',
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  received_at timestamptz not null default now(),
  processed_at timestamptz,
  primary key (provider, id)
);
create index provider_message_pending on provider_message (next_attempt_at) where state in ('pending', 'failed');
create index provider_message_list on provider_message (received_at, provider, id);
create index provider_message_stopped on provider_message (provider, code) where state = 'stopped';
create index provider_message_waiting on provider_message using gin (waits_for) where waits_for <> '{}';

-- Whose a provider's record is.
create table provider_link (
  provider text not null,
  kind text not null check (kind in ('customer', 'subscription', 'invoice', 'charge', 'payment_intent')),
  external_id text not null,
  customer_id text not null references customer,
  created_at timestamptz not null default now(),
  primary key (provider, kind, external_id)
);
create index provider_link_customer on provider_link (customer_id);

-- Subscriptions that must be read anew from their provider, because its messages could not be ordered or said too little.
create table provider_fetch (
  provider text not null,
  external_id text not null,
  customer_id text references customer,
  reason text not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  primary key (provider, external_id)
);
