-- Invoices: what was asked for, and for which part of which period. From the moment of its number a document never changes.

-- How this operator bills; one row.
create table billing_settings (
  only_one boolean primary key default true check (only_one),
  document jsonb not null,
  changed_at timestamptz not null default now()
);

create table tax_rate (
  id text primary key,
  name text not null,
  percent numeric(10, 7) not null check (percent >= 0 and percent <= 100),
  created_at timestamptz not null default now()
);

-- Who gets the invoices of a customer, and how it is taxed.
create table billing_profile (
  customer_id text primary key references customer,
  document jsonb not null,
  changed_at timestamptz not null default now()
);

-- The next thing that is due for a customer's invoices: `open` when a period begins, `close` when its lateness window is over.
create table billing_schedule (
  customer_id text primary key references customer,
  period_start timestamptz not null,
  step text not null check (step in ('open', 'close')),
  due_at timestamptz not null
);
create index billing_schedule_due on billing_schedule (due_at);

-- Numbers without gaps: the row is locked by the transaction that takes one.
create table invoice_series (
  series text primary key,
  next_number bigint not null check (next_number > 0)
);

create table invoice (
  customer_id text not null references customer,
  id text not null,
  kind text not null check (kind in ('period', 'opening', 'progressive', 'manual')),
  state text not null check (state in ('draft', 'open', 'paid', 'void', 'uncollectible')),
  series text,
  number bigint,
  currency text not null,
  period_start timestamptz not null,
  period_end timestamptz not null,
  document jsonb not null,
  subtotal numeric(38, 12) not null,
  net numeric(38, 12) not null,
  tax numeric(38, 12) not null,
  amount_due numeric(38, 12) not null,
  credited_net numeric(38, 12) not null default 0,
  credited_tax numeric(38, 12) not null default 0,
  created_at timestamptz not null,
  finalized_at timestamptz,
  due_at timestamptz,
  ended_at timestamptz,
  -- The payment, or why it was voided or written off.
  reference text,
  primary key (customer_id, id),
  unique (series, number),
  check ((state = 'draft') = (number is null))
);
create index invoice_state on invoice (state, due_at);
create unique index invoice_once on invoice (customer_id, period_start, kind) where kind in ('period', 'opening');

create function keep_invoice() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if old.state <> 'draft' then raise exception 'an invoice with a number is kept: write a credit note' using errcode = 'restrict_violation'; end if;
    return old;
  end if;
  if old.state <> 'draft' and (old.document, old.number, old.series, old.subtotal, old.net, old.tax, old.amount_due, old.currency, old.finalized_at) is distinct from
     (new.document, new.number, new.series, new.subtotal, new.net, new.tax, new.amount_due, new.currency, new.finalized_at) then
    raise exception 'an invoice with a number does not change: write a credit note' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger invoice_kept before update or delete on invoice for each row execute function keep_invoice();

-- What each invoice asks for, by price and period: the sum over a period's invoices is what was invoiced of it.
create table invoice_line (
  customer_id text not null,
  invoice_id text not null,
  line integer not null,
  kind text not null,
  price_id text not null,
  entry text not null default '',
  period_start timestamptz not null,
  -- Part of the exact sum that is charges of events.
  charges numeric(38, 12) not null,
  exact numeric(38, 12) not null,
  amount numeric(38, 12) not null,
  credited numeric(38, 12) not null default 0,
  primary key (customer_id, invoice_id, line),
  foreign key (customer_id, invoice_id) references invoice on delete cascade
);
create index invoice_line_period on invoice_line (customer_id, period_start);

-- What the plan includes and what credit paid of each period's usage, as far as an invoice showed it.
create table invoice_credit (
  customer_id text not null,
  invoice_id text not null,
  period_start timestamptz not null,
  category text not null check (category in ('included', 'paid', 'promotional')),
  amount numeric(38, 12) not null,
  primary key (customer_id, invoice_id, period_start, category),
  foreign key (customer_id, invoice_id) references invoice on delete cascade
);
create index invoice_credit_period on invoice_credit (customer_id, period_start);

-- What is written by hand or follows from a change, and waits for the next invoice.
create table invoice_item (
  customer_id text not null references customer,
  id text not null,
  kind text not null check (kind in ('item', 'proration')),
  name text not null,
  amount numeric(38, 12) not null,
  currency text not null,
  period_start timestamptz not null,
  period_end timestamptz not null,
  invoice_id text,
  created_at timestamptz not null default now(),
  primary key (customer_id, id)
);
create index invoice_item_waiting on invoice_item (customer_id) where invoice_id is null;

create table credit_note (
  customer_id text not null,
  id text not null,
  invoice_id text not null,
  series text not null,
  number bigint not null,
  reason text not null,
  document jsonb not null,
  net numeric(38, 12) not null,
  tax numeric(38, 12) not null,
  created_at timestamptz not null,
  primary key (customer_id, id),
  unique (series, number),
  foreign key (customer_id, invoice_id) references invoice
);
create trigger credit_note_append_only before update or delete on credit_note for each row execute function refuse_change();

create index ledger_transfer_cause on ledger_transfer (customer_id, cause_id);
create index ledger_transfer_period on ledger_transfer (customer_id, period_start) where cause = 'usage';
