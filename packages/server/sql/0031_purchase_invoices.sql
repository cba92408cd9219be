-- The invoice of a purchase of credits: paid when it is written, in a series of its own. What it says never changes.

create table purchase_invoice (
  customer_id text not null,
  payment_id text not null primary key,
  series text not null,
  number bigint not null,
  document jsonb not null,
  created_at timestamptz not null,
  foreign key (customer_id, payment_id) references credit_payment (customer_id, id),
  unique (series, number)
);
create index purchase_invoice_of on purchase_invoice (customer_id, payment_id);

create trigger purchase_invoice_kept before update or delete on purchase_invoice for each row execute function refuse_change();
