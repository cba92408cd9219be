-- What a tax service said of a customer: it is asked by a job, before invoices and purchases need it, and what it said holds until it says so.
create table tax_determination (
  customer_id text primary key references customer (id),
  -- Of the question: who buys, who sells, in which currency. An answer to another question is none.
  question_hash bytea not null,
  treatment jsonb,
  reference text,
  determined_at timestamptz,
  valid_until timestamptz,
  failures integer not null default 0,
  failure text,
  next_ask_at timestamptz not null
);
create index tax_determination_due on tax_determination (next_ask_at);
create index billing_profile_tax_service on billing_profile (customer_id) where document -> 'tax' ->> 'kind' = 'service';
-- What the invoice of a purchase says of its tax, as it was when the purchase was made.
alter table credit_payment add column tax_notes text[] not null default '{}';
