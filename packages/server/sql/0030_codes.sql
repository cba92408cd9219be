-- Codes that are redeemed for credits, a plan or an add-on. A code is known by its keyed hash only.

create table code_batch (
  id text primary key,
  name text not null,
  -- What one redemption gives.
  grants jsonb not null,
  codes integer not null check (codes > 0),
  -- Redemptions of each code by all customers together, and of the batch by one customer.
  redemptions_max integer check (redemptions_max > 0),
  per_customer_max integer not null check (per_customer_max > 0),
  starts_at timestamptz,
  expires_at timestamptz,
  ended_at timestamptz,
  created_at timestamptz not null default now(),
  created_by text not null
);

create table code (
  hash bytea primary key,
  batch_id text not null references code_batch,
  redemptions integer not null default 0 check (redemptions >= 0)
);
create index code_batch_codes on code (batch_id);

create table code_redemption (
  customer_id text not null references customer,
  id text not null,
  batch_id text not null references code_batch,
  code_hash bytea not null references code,
  -- What it gave: the block, or what was changed.
  given jsonb not null,
  redeemed_at timestamptz not null,
  redeemed_by text not null,
  primary key (customer_id, id)
);
create index code_redemption_batch on code_redemption (batch_id, customer_id);

-- Codes that were not ours, by customer and hour: who guesses is stopped.
create table code_failure (
  customer_id text not null references customer,
  hour timestamptz not null,
  failures integer not null,
  primary key (customer_id, hour)
);
