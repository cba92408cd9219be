-- Metering: rollups by any dimension and for every aggregation, minutes of the recent past, readings of meters that do not add,
-- corrections, known values of dimensions, meters over past events.

-- Where an event is kept, so that a correction finds it by its key. Null for events of before this column.
alter table event_key add column time timestamptz;

-- A correction is recorded as what it undoes ('reversal') and what stands instead ('replacement'), each an event of its own.
alter table usage_event
  add column effect text not null default 'use' check (effect in ('use', 'reversal', 'replacement')),
  add column corrects_source text,
  add column corrects_id text,
  add check ((effect = 'use') = (corrects_id is null));
create index usage_event_time on usage_event (customer_id, time);
create index usage_event_run on usage_event (customer_id, run) where run is not null;

-- The catalog that was in force when a batch was settled: its meters are in the rollups of the batch's events.
alter table settlement_batch add column catalog_version integer;

-- All corrections of an event, also those that came before it. The latest by (at, by_source, by_id) holds.
create table correction (
  customer_id text not null references customer (id),
  source text not null,
  id text not null,
  by_source text not null,
  by_id text not null,
  at timestamptz not null,
  is_void boolean not null,
  -- What replaces the event's own; null for a void.
  patch jsonb,
  reason text,
  -- Why it cannot be applied to the event that came after it.
  refused text,
  received_at timestamptz not null default now(),
  primary key (customer_id, source, id, by_source, by_id),
  check (is_void = (patch is null))
);

drop table rollup_hour;
-- `quantity` is the sum, the largest, the latest, or the number of distinct values of the span, as `kind` says.
create table rollup_hour (
  customer_id text not null,
  meter text not null,
  start timestamptz not null,
  period_start timestamptz not null,
  feature text not null,
  entity_id text not null,
  dimensions jsonb not null,
  -- What amounts are in.
  asset text not null,
  kind text not null check (kind in ('sum', 'max', 'latest', 'unique')),
  quantity numeric(38, 9) not null,
  amount numeric(38, 12) not null,
  events bigint not null,
  -- Of `latest`: when the value was measured, and by which event.
  latest_at timestamptz,
  latest_by text,
  -- Of `unique`: the smallest hashes of the values, ascending.
  hashes bigint[],
  primary key (customer_id, meter, start, period_start, feature, entity_id, dimensions, asset)
) with (fillfactor = 80);
create index rollup_hour_meter on rollup_hour (meter, start);

create table rollup_minute (like rollup_hour including all) with (fillfactor = 80);

-- What events say to meters that do not add up: the aggregate is taken anew from here when an event is undone.
create table meter_reading (
  customer_id text not null,
  meter text not null,
  period_start timestamptz not null,
  time timestamptz not null,
  source text not null,
  id text not null,
  feature text not null,
  entity_id text not null,
  dimensions jsonb not null,
  value numeric(38, 9) not null,
  -- Of `unique_count`: what was counted.
  label text,
  -- Prices count it; false for events that came before the meter was made.
  is_rated boolean not null,
  primary key (customer_id, meter, period_start, time, source, id)
);
create index meter_reading_value on meter_reading (customer_id, meter, period_start, value);
create index meter_reading_label on meter_reading (customer_id, meter, period_start, label) where label is not null;

-- Values that a dimension has had; past the bound further ones are counted together.
create table dimension_value (
  customer_id text not null references customer (id),
  meter text not null,
  dimension text not null,
  value text not null,
  first_seen timestamptz not null default now(),
  primary key (customer_id, meter, dimension, value)
);
create table dimension_overflow (
  customer_id text not null references customer (id),
  meter text not null,
  dimension text not null,
  first_value text not null,
  at timestamptz not null default now(),
  primary key (customer_id, meter, dimension)
);

-- Meters that are counted over events of before they were made; one row a meter.
create table meter_backfill (
  meter text primary key,
  catalog_version integer not null,
  state text not null check (state in ('running', 'done')),
  customers_total integer not null default 0,
  customers_done integer not null default 0,
  events_done bigint not null default 0,
  -- Where the job goes on: the last customer, and the last event of it.
  at_customer text,
  at_time timestamptz,
  at_sequence bigint,
  started_at timestamptz not null default now(),
  finished_at timestamptz
);
