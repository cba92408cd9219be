-- Messages of the outbox on their way to endpoints of the operator and of tenants.

create table webhook_endpoint (
  id text primary key,
  -- Null: the operator's, which gets the messages of all customers.
  customer_id text references customer,
  url text not null,
  description text not null default '',
  -- Null: every type.
  types text[],
  secret_sealed text not null,
  -- Signs beside the new secret for a while after it was rotated.
  previous_sealed text,
  previous_until timestamptz,
  allow_private boolean not null default false,
  disabled_at timestamptz,
  disabled_reason text,
  created_at timestamptz not null default now()
);

-- Up to where the outbox has been handed to the endpoints.
create table webhook_cursor (
  only_one boolean primary key default true check (only_one),
  tx xid8 not null,
  id bigint not null
);

-- One row a message and endpoint: the same message is never handed over twice, and its id is the same at every attempt.
create table webhook_delivery (
  id bigint primary key generated always as identity,
  endpoint_id text not null references webhook_endpoint on delete cascade,
  message_id bigint not null,
  type text not null,
  customer_id text,
  -- The bytes that are signed and sent.
  body text not null,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
  attempts integer not null default 0,
  next_attempt_at timestamptz,
  last_attempt_at timestamptz,
  last_status integer,
  last_error text,
  created_at timestamptz not null default now(),
  unique (endpoint_id, message_id),
  check ((status = 'pending') = (next_attempt_at is not null))
);
create index webhook_delivery_due on webhook_delivery (next_attempt_at) where status = 'pending';
create index webhook_delivery_endpoint on webhook_delivery (endpoint_id, id);
create index webhook_delivery_finished on webhook_delivery (created_at) where status <> 'pending';
