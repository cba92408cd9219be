-- Wallets that fill themselves, what was paid for credits, notices, and codes.

-- What a block was bought for, without tax: its cost basis. Null for what was given.
alter table credit_block add column cost numeric(38, 12), add column cost_currency text, add check ((cost is null) = (cost_currency is null));
create index credit_block_expiry on credit_block (expires_at) where remaining > 0;

-- When a wallet buys credits by itself: one rule a wallet.
create table recharge_rule (
  customer_id text not null references customer,
  asset text not null,
  threshold numeric(38, 12) not null check (threshold >= 0),
  amount numeric(38, 12) check (amount > 0),
  target numeric(38, 12) check (target > threshold),
  month_max numeric(38, 12) check (month_max >= 0),
  cooldown_ms bigint not null check (cooldown_ms >= 0),
  method text not null,
  failures integer not null default 0,
  stopped_at timestamptz,
  stopped_reason text,
  -- The last month in which it was told that its bound is reached.
  bounded_month timestamptz,
  changed_at timestamptz not null default now(),
  primary key (customer_id, asset),
  check ((amount is null) <> (target is null))
);

-- Each purchase of credits, from the moment it is decided. Its blocks are made when it succeeds, once, by its id.
create table credit_payment (
  customer_id text not null references customer,
  id text not null,
  cause text not null check (cause in ('recharge', 'top_up')),
  method text not null,
  state text not null check (state in ('pending', 'asked', 'succeeded', 'failed')),
  asset text not null,
  credits numeric(38, 12) not null check (credits > 0),
  bonus numeric(38, 12) not null check (bonus >= 0),
  currency text not null,
  net numeric(38, 12) not null check (net > 0),
  tax numeric(38, 12) not null check (tax >= 0),
  taxes jsonb not null default '[]',
  -- When the credits end, fixed when the purchase is.
  days integer,
  bonus_days integer,
  -- The provider's record, and what it is charged to.
  provider_id text,
  provider_source text,
  reason text,
  attempts integer not null default 0,
  next_look_at timestamptz,
  refunded numeric(38, 12) not null default 0,
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (customer_id, id),
  unique (id),
  check ((state in ('pending', 'asked')) = (ended_at is null))
);
-- One at a time, whoever decides: the database refuses a second.
create unique index credit_payment_one_recharge on credit_payment (customer_id, asset) where cause = 'recharge' and state in ('pending', 'asked');
create index credit_payment_due on credit_payment (next_look_at) where state in ('pending', 'asked');
create unique index credit_payment_provider on credit_payment (method, provider_id) where provider_id is not null;
create index credit_payment_list on credit_payment (customer_id, created_at, id);
