-- The records of Tollgate. Every table of a customer's data has customer_id in its key, so that it can be sharded.
-- Amounts are numeric: money with 12 decimal places, credits with 6; quantities up to 9. What must never break is here
-- (unique, check, foreign key, append-only trigger); the rules are in core.

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: correct it with another row', tg_table_name using errcode = 'restrict_violation';
end $$;

-- Catalog: immutable versions; the highest is in force.
create table catalog_version (
  version integer primary key generated always as identity,
  document jsonb not null,
  source text not null,
  applied_at timestamptz not null default now(),
  applied_by text not null
);
create trigger catalog_version_append_only before update or delete on catalog_version for each row execute function refuse_change();

create table customer (
  id text primary key,
  name text not null,
  external_id text unique,
  time_zone text not null default 'UTC',
  -- Rises with every change that a snapshot shows.
  version bigint not null default 1,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now()
);

create table subscription (
  customer_id text primary key references customer,
  id text not null unique,
  plan text not null,
  standing text not null default 'good' check (standing in ('good', 'grace', 'suspended', 'paused', 'cancelled')),
  anchor_at timestamptz not null,
  created_at timestamptz not null default now()
);

create table entity (
  customer_id text not null references customer,
  id text not null,
  parent_id text,
  kind text not null check (kind in ('department', 'team', 'user')),
  name text not null,
  created_at timestamptz not null default now(),
  primary key (customer_id, id),
  foreign key (customer_id, parent_id) references entity (customer_id, id)
);

-- Budgets that the operator or the tenant set beside those of the plan.
create table budget_rule (
  customer_id text not null references customer,
  id text not null,
  name text not null,
  unit jsonb not null,
  "window" text not null check ("window" in ('day', 'week', 'month', 'billing_period', 'lifetime')),
  enforcement text not null check (enforcement in ('hard', 'soft')),
  limit_amount numeric(38, 12) not null check (limit_amount >= 0),
  entity_id text,
  features text[],
  created_at timestamptz not null default now(),
  primary key (customer_id, id),
  foreign key (customer_id, entity_id) references entity (customer_id, id)
);

-- Keys are known by hash only; the hint tells them apart in lists.
create table api_key (
  id text primary key,
  hash text not null unique,
  hint text not null,
  name text not null default '',
  scopes text[] not null check (scopes <@ array['gateway', 'ingest', 'customer', 'admin'] and cardinality(scopes) > 0),
  customer_id text references customer,
  entity_id text,
  feature text,
  models text[],
  shows_cost boolean not null default false,
  expires_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  foreign key (customer_id, entity_id) references entity (customer_id, id),
  check (customer_id is not null or scopes <@ array['admin', 'ingest'])
);
create index api_key_customer on api_key (customer_id);

-- secret: sealed with the master key.
create table upstream (
  id text primary key,
  name text not null unique,
  kind text not null check (kind in ('openai')),
  base_url text not null,
  secret_sealed text,
  provider text not null,
  models text[] not null,
  allow_private boolean not null default false,
  created_at timestamptz not null default now()
);

-- Authority: one row a budget and period. headroom = limit_amount - settled - escrow.
create table budget_state (
  customer_id text not null references customer,
  budget_id text not null,
  period_start timestamptz not null,
  period_end timestamptz not null,
  limit_amount numeric(38, 12) not null,
  settled numeric(38, 12) not null default 0,
  escrow numeric(38, 12) not null default 0 check (escrow >= 0),
  primary key (customer_id, budget_id, period_start)
);

create table node (
  id text primary key,
  incarnation integer not null,
  journal_segment integer not null default 0,
  journal_offset bigint not null default 0,
  registered_at timestamptz not null default now()
);

create table lease (
  customer_id text not null,
  budget_id text not null,
  period_start timestamptz not null,
  node_id text not null references node,
  incarnation integer not null,
  granted numeric(38, 12) not null default 0,
  used numeric(38, 12) not null default 0 check (used >= 0),
  primary key (customer_id, budget_id, period_start, node_id, incarnation),
  foreign key (customer_id, budget_id, period_start) references budget_state
);
create index lease_node on lease (node_id, incarnation) where granted > used;

-- Answers to a node's latest acquires, for a retry whose first answer was lost.
create table lease_answer (
  node_id text not null references node,
  incarnation integer not null,
  sequence bigint not null,
  answer jsonb not null,
  primary key (node_id, incarnation, sequence)
);

create table credit_block (
  customer_id text not null references customer,
  id text not null,
  asset text not null,
  category text not null check (category in ('paid', 'promotional')),
  priority integer not null default 100,
  granted numeric(38, 12) not null check (granted > 0),
  remaining numeric(38, 12) not null check (remaining >= 0 and remaining <= granted),
  effective_at timestamptz not null,
  expires_at timestamptz,
  reference text,
  created_at timestamptz not null default now(),
  primary key (customer_id, id)
);
create index credit_block_open on credit_block (customer_id, asset) where remaining > 0;

-- Usage that no block could pay, to be repaid by the next top-up.
create table wallet_debt (
  customer_id text not null references customer,
  asset text not null,
  amount numeric(38, 12) not null check (amount >= 0),
  primary key (customer_id, asset)
);

-- Dedupe for ever, independent of the event's time: (customer, source, id) with a hash of the content.
create table event_key (
  customer_id text not null,
  source text not null,
  id text not null,
  content_hash bytea not null,
  primary key (customer_id, source, id)
);

create table settlement_batch (
  id bigint primary key generated always as identity,
  origin text not null,
  events integer not null,
  settled_at timestamptz not null default now()
);

create table usage_event (
  sequence bigint generated always as identity,
  customer_id text not null,
  source text not null,
  id text not null,
  type text not null,
  time timestamptz not null,
  batch_id bigint not null,
  entity_id text,
  feature text,
  run text,
  key_id text,
  period_start timestamptz not null,
  catalog_version integer not null,
  quantities jsonb not null,
  dimensions jsonb not null,
  -- Charges per price with the aggregate before each, allowance draws, and who paid.
  charges jsonb not null,
  amount numeric(38, 12) not null,
  asset text not null,
  cost jsonb,
  estimated boolean not null,
  context jsonb not null
) partition by range (time);
create table usage_event_default partition of usage_event default;
create index usage_event_customer on usage_event (customer_id, sequence);
create trigger usage_event_append_only before update or delete on usage_event for each row execute function refuse_change();

-- Running totals of one price in one period: what the next charge starts from, and what the invoice line says.
create table accumulator (
  customer_id text not null references customer,
  period_start timestamptz not null,
  price_id text not null,
  quantity numeric(38, 9) not null,
  included numeric(38, 9) not null,
  billable numeric(38, 9) not null,
  amount numeric(38, 12) not null,
  events bigint not null,
  primary key (customer_id, period_start, price_id)
);

create table rollup_hour (
  customer_id text not null,
  hour timestamptz not null,
  meter text not null,
  feature text not null,
  model text not null,
  entity_id text not null,
  quantity numeric(38, 9) not null,
  amount numeric(38, 12) not null,
  events bigint not null,
  primary key (customer_id, hour, meter, feature, model, entity_id)
);

create table ledger_transfer (
  customer_id text not null references customer,
  sequence bigint generated always as identity,
  id text not null,
  debit text not null,
  credit text not null check (credit <> debit),
  asset text not null,
  amount numeric(38, 12) not null check (amount > 0),
  -- What made it: `usage` with its batch, `top_up` with its block.
  cause text not null,
  cause_id text not null,
  batch_id bigint references settlement_batch,
  period_start timestamptz,
  posted_at timestamptz not null default now(),
  primary key (customer_id, sequence),
  unique (customer_id, id)
);
create index ledger_transfer_batch on ledger_transfer (customer_id, batch_id);
create trigger ledger_transfer_append_only before update or delete on ledger_transfer for each row execute function refuse_change();

-- tx orders the rows by commit: a reader stays below the oldest transaction still running and misses nothing.
create table outbox (
  id bigint primary key generated always as identity,
  tx xid8 not null default pg_current_xact_id(),
  customer_id text,
  type text not null,
  payload jsonb not null,
  created_at timestamptz not null default now()
);
create index outbox_order on outbox (tx, id);

-- Events that could not be settled, kept with the reason until somebody decides. As text: what jsonb refuses is one reason.
create table parked_event (
  id bigint primary key generated always as identity,
  customer_id text,
  origin text not null,
  record text not null,
  reason text not null,
  parked_at timestamptz not null default now()
);

create table idempotent_answer (
  scope text not null,
  key text not null,
  request_hash text not null,
  status integer,
  body jsonb,
  created_at timestamptz not null default now(),
  primary key (scope, key)
);

create table audit_entry (
  id bigint primary key generated always as identity,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  customer_id text,
  target text not null,
  before jsonb,
  after jsonb
);
create trigger audit_entry_append_only before update or delete on audit_entry for each row execute function refuse_change();
