-- What was moved between budgets of entities, and credit notes on purchases of credits.

create table budget_move (
  customer_id text not null references customer,
  id text not null,
  from_budget text not null,
  to_budget text not null,
  amount numeric(38, 12) not null check (amount > 0),
  reason text not null,
  moved_at timestamptz not null,
  moved_by text not null,
  primary key (customer_id, id)
);
create trigger budget_move_append_only before update or delete on budget_move for each row execute function refuse_change();

-- What a refund takes back of the invoice of its purchase, as a document with a number of its own.
create table purchase_credit_note (
  customer_id text not null,
  refund_id text not null primary key,
  payment_id text not null references purchase_invoice,
  series text not null,
  number bigint not null,
  document jsonb not null,
  created_at timestamptz not null,
  foreign key (customer_id, refund_id) references credit_refund (customer_id, id),
  unique (series, number)
);
create trigger purchase_credit_note_kept before update or delete on purchase_credit_note for each row execute function refuse_change();
