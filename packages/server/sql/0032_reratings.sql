-- Re-ratings: the usage of a span under a corrected price, previewed as entries, and posted as adjustments. Charges stay as they are.

create table rerating (
  id text primary key,
  state text not null check (state in ('running', 'previewed', 'failed', 'cancelled', 'posting', 'posted')),
  -- The corrected catalog: a version, or a text that need not be published.
  catalog_version integer,
  source text,
  overlays jsonb not null default '[]',
  from_at timestamptz not null,
  to_at timestamptz not null check (to_at > from_at),
  plans text[],
  reason text not null,
  customers bigint not null default 0,
  events bigint not null default 0,
  -- Events of which the corrected catalog does not price something.
  unpriced bigint not null default 0,
  failure text,
  created_at timestamptz not null default now(),
  created_by text not null,
  posted_by text
);

create table rerating_entry (
  rerating_id text not null references rerating,
  customer_id text not null references customer,
  period_start timestamptz not null,
  period_end timestamptz not null,
  -- The part of the period that was rated again.
  from_at timestamptz not null,
  to_at timestamptz not null,
  asset text not null,
  -- What the events were charged, and what earlier re-ratings of the same span posted.
  charged numeric(38,12) not null,
  adjusted numeric(38,12) not null,
  after numeric(38,12) not null,
  events bigint not null,
  -- `due` can be posted; `prepaid`: no invoice pays this usage; `overlaps`: an earlier re-rating posted another span of the period;
  -- `outdated`: an adjustment of the span was posted after the preview.
  state text not null check (state in ('due', 'posted', 'prepaid', 'overlaps', 'outdated')),
  posted_at timestamptz,
  primary key (rerating_id, customer_id, period_start, asset)
);
create index rerating_entry_posted on rerating_entry (customer_id, period_start) where state = 'posted';

alter table invoice_item drop constraint invoice_item_kind_check;
alter table invoice_item add constraint invoice_item_kind_check check (kind in ('item', 'proration', 'adjustment'));
