-- What one customer agreed beyond its plan, the currency that it is billed in, coupons, and exchange rates by day.

-- Null: the currency of the catalog.
alter table customer add column currency text;

-- Versions of a customer's contract, the highest in force; null ends it.
create table contract_version (
  customer_id text not null references customer (id),
  version integer not null,
  document jsonb,
  applied_at timestamptz not null default now(),
  applied_by text not null,
  primary key (customer_id, version)
);
create trigger contract_version_append_only before update or delete on contract_version for each row execute function refuse_change();

create table coupon (
  code text primary key,
  document jsonb not null,
  redemptions integer not null default 0,
  redemptions_max integer,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  check (redemptions >= 0 and (redemptions_max is null or redemptions <= redemptions_max))
);

create table coupon_redemption (
  customer_id text not null references customer (id),
  code text not null references coupon (code),
  redeemed_at timestamptz not null default now(),
  -- First billing period in which it counts.
  from_period timestamptz not null,
  primary key (customer_id, code)
);

-- What one unit of `base` was worth in `quote` on a day. Rows are never changed: what was used must be found again.
create table exchange_rate (
  day date not null,
  base text not null,
  quote text not null,
  rate numeric(20,9) not null check (rate > 0),
  source text not null,
  imported_at timestamptz not null default now(),
  primary key (day, base, quote)
);
create trigger exchange_rate_append_only before update or delete on exchange_rate for each row execute function refuse_change();
