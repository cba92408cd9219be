-- Credit that is taken back: voided, refunded, moved to another customer; and blocks that begin later.

alter table credit_block
  -- Of what it began with, refunded or moved away: no usage drew it.
  add column taken numeric(38, 12) not null default 0 check (taken >= 0),
  -- False until its first instant: then it joins the wallet.
  add column begun boolean not null default true,
  add column voided_at timestamptz,
  add column void_reason text;
create index credit_block_waiting on credit_block (effective_at) where not begun;

-- Money given back for credit that was not spent, or for credit that was, which leaves a debt.
create table credit_refund (
  customer_id text not null references customer,
  id text not null,
  block_id text not null,
  asset text not null,
  -- Credit taken from the block, and what was spent already and is owed now.
  amount numeric(38, 12) not null check (amount >= 0),
  owed numeric(38, 12) not null check (owed >= 0),
  -- The money, by what the block was bought for; null where that is not known.
  currency text,
  net numeric(38, 12),
  tax numeric(38, 12),
  -- Who gives the money back: a provider, or the operator itself.
  method text not null,
  state text not null check (state in ('pending', 'done', 'failed')),
  payment_id text,
  provider_id text,
  reason text not null,
  failure text,
  attempts integer not null default 0,
  next_try_at timestamptz,
  created_at timestamptz not null,
  primary key (customer_id, id),
  unique (id),
  foreign key (customer_id, block_id) references credit_block
);
create index credit_refund_due on credit_refund (next_try_at) where state = 'pending';
