-- The books by day: usage by customer, feature, model and plan with what it earned and cost, and the ledger by account and cause, closed when a day
-- is over. A closed day never changes; journals and month reports are sums of closed days.

-- Settlement batches in the order in which they became visible, as the outbox has it: whoever reads on from a place misses none that commits late.
alter table settlement_batch add column tx xid8 not null default pg_current_xact_id();
create index settlement_batch_order on settlement_batch (tx, id);
create index settlement_batch_settled on settlement_batch using brin (settled_at) with (pages_per_range = 8, autosummarize = on);
create index usage_event_batch on usage_event using brin (batch_id) with (pages_per_range = 32, autosummarize = on);
create index ledger_transfer_posted on ledger_transfer using brin (posted_at) with (pages_per_range = 32, autosummarize = on);

create table usage_day (
  -- UTC day on which it was settled, as its transfers were posted.
  posted_on date not null,
  customer_id text not null references customer,
  -- UTC day on which it was used.
  day date not null,
  feature text not null,
  model text not null,
  plan text not null,
  asset text not null,
  -- Empty where the cost is not known.
  cost_currency text not null,
  -- Reversals count against what they undo.
  events bigint not null,
  amount numeric(38, 12) not null,
  cost numeric(38, 12) not null,
  primary key (posted_on, customer_id, day, feature, model, plan, asset, cost_currency)
);
create index usage_day_customer on usage_day (customer_id, posted_on);

-- How far settlement batches are in usage_day.
create table usage_day_cursor (
  only_one boolean primary key default true check (only_one),
  tx xid8 not null,
  id bigint not null
);
insert into usage_day_cursor (tx, id) values ('0', 0);

create table book_day (
  day date primary key,
  closed_at timestamptz not null default now(),
  transfers bigint not null
);
create trigger book_day_append_only before update or delete on book_day for each row execute function refuse_change();

create table book_day_sum (
  day date not null references book_day,
  asset text not null,
  -- Wallets are wallet_paid or wallet_promotional.
  account text not null,
  cause text not null,
  debits numeric(38, 12) not null check (debits >= 0),
  credits numeric(38, 12) not null check (credits >= 0),
  primary key (day, asset, account, cause)
);
create trigger book_day_sum_append_only before update or delete on book_day_sum for each row execute function refuse_change();

create table book_settings (
  only_one boolean primary key default true check (only_one),
  document jsonb not null,
  changed_at timestamptz not null default now()
);
