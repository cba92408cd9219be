-- Hand-over of final invoices: to whom, from when on, and what became of each.

create table handover_setting (
  only_row boolean primary key default true check (only_row),
  target text not null,
  -- Invoices that were finalized from then on are handed over by themselves.
  since timestamptz not null,
  -- How the receiver asks for the money: by itself from what the customer left there, or by sending the invoice.
  collects boolean not null,
  updated_at timestamptz not null default now(),
  updated_by text not null
);

create table handover (
  customer_id text not null,
  invoice_id text not null,
  target text not null,
  -- `waiting` is tried again by itself; `stopped` waits for somebody.
  state text not null check (state in ('waiting', 'delivered', 'stopped')),
  external_id text,
  -- What the receiver made of it.
  total numeric(38,12),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  reason text,
  queued_at timestamptz not null default now(),
  delivered_at timestamptz,
  primary key (customer_id, invoice_id, target),
  foreign key (customer_id, invoice_id) references invoice (customer_id, id)
);
create index handover_due on handover (next_attempt_at) where state = 'waiting';
