-- When customers are told that a wallet runs low or credits end, and what they were told already.

-- By each side its own: what a tenant sets does not touch what the operator set.
create table wallet_notice (
  customer_id text not null references customer,
  asset text not null,
  set_by text not null check (set_by in ('operator', 'tenant')),
  low_balance numeric(38, 12)[] not null,
  expiry_days integer[] not null,
  changed_at timestamptz not null default now(),
  primary key (customer_id, asset, set_by)
);

-- For wallets of an asset for which the operator set nothing.
create table wallet_notice_default (
  asset text primary key,
  low_balance numeric(38, 12)[] not null,
  expiry_days integer[] not null,
  changed_at timestamptz not null default now()
);

-- A threshold that was told stays told until the balance is above it again; an end of credits is told once for each block and lead time.
create table wallet_told (
  customer_id text not null references customer,
  asset text not null,
  kind text not null check (kind in ('low', 'expiry')),
  threshold numeric(38, 12) not null,
  block_id text not null default '',
  told_at timestamptz not null default now(),
  primary key (customer_id, asset, kind, threshold, block_id)
);

create index budget_state_wallet on budget_state (customer_id, budget_id) where budget_id like 'wallet:%';
