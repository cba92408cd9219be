-- Runs that a price has charged: each once, by the event that reported its result, or its first.
create table charged_run (
  customer_id text not null references customer,
  price_id text not null,
  run text not null,
  source text not null,
  event_id text not null,
  charged_at timestamptz not null default now(),
  primary key (customer_id, run, price_id)
);
