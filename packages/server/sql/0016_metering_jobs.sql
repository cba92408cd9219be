-- From when on the hours of a level are still to be added up: a late reading moves it back.
create table level_due (
  customer_id text not null references customer (id),
  meter text not null,
  from_time timestamptz not null,
  primary key (customer_id, meter)
);
create index level_due_time on level_due (from_time);

-- Usage events that a retention policy has dropped, in sums, so that the books still balance; and who stands behind a pseudonym.
create table retired_usage (
  customer_id text not null references customer (id),
  month timestamptz not null,
  asset text not null,
  events bigint not null,
  amount numeric(38, 12) not null,
  primary key (customer_id, month, asset)
);

create table pseudonym (
  customer_id text not null references customer (id),
  dimension text not null,
  -- HMAC of the value under the master key.
  value_hash text not null,
  pseudonym text not null unique,
  created_at timestamptz not null default now(),
  primary key (customer_id, dimension, value_hash)
);
