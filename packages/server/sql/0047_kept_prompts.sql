-- Prompts and answers that an operator keeps, redacted before they came here and sealed: only for the request and customer that they are of,
-- and only until their time is over.
create table kept_prompt (
  customer_id text not null references customer,
  request_id text not null,
  time timestamptz not null,
  expires_at timestamptz not null,
  sealed text not null,
  primary key (customer_id, request_id)
);
create index kept_prompt_expiry on kept_prompt (expires_at);
