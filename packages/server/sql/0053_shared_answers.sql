-- Answers of the response cache that all gateways share. A cache: it is not logged, so a crash of the database empties it.
create unlogged table shared_answer (
  owner text not null,
  place text not null,
  customer_id text not null references customer,
  sealed text not null,
  bytes integer not null,
  kept_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (owner, place)
);
create index shared_answer_expiry on shared_answer (expires_at);
create index shared_answer_customer on shared_answer (customer_id);
