-- Work that a provider does in the background: paid for when it ends. A node looks after each, and another takes over.
create table background_job (
  id text primary key,
  customer_id text not null references customer,
  kind text not null check (kind in ('response', 'message_batch')),
  provider_id text not null,
  job jsonb not null,
  claimed_by text not null,
  claimed_until timestamptz not null,
  opened_at timestamptz not null default now(),
  finished_at timestamptz
);
create index background_job_open on background_job (claimed_until) where finished_at is null;
create index background_job_provider on background_job (customer_id, provider_id);
